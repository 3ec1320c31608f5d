{
  "variables": {
    "sanitize%": "",
    "warnings": ["-Wall", "-Wextra", "-Werror"],
    "hot_flags": ["-std=c++20", "-O3", "-fno-math-errno", "-ffp-contract=fast", "-fvisibility=hidden"]
  },
  "target_defaults": {
    "include_dirs": ["src"],
    "cflags!": ["-O2"],
    "cflags_cc!": ["-std=gnu++17", "-fno-exceptions", "-fno-rtti"],
    "cflags_cc": ["<@(warnings)", "-fexceptions", "-fvisibility=hidden"],
    "xcode_settings": {
      "CLANG_CXX_LANGUAGE_STANDARD": "c++20",
      "GCC_ENABLE_CPP_EXCEPTIONS": "YES",
      "MACOSX_DEPLOYMENT_TARGET": "12.0"
    },
    "conditions": [
      ["target_arch=='x64'", {"defines": ["KERATIN_HAVE_X86=1"]}],
      ["sanitize!=''", {
        "cflags_cc": ["-fsanitize=<(sanitize)", "-fno-omit-frame-pointer", "-g"],
        "ldflags": ["-fsanitize=<(sanitize)"]
      }]
    ]
  },
  "targets": [
    {
      "target_name": "kernels_baseline",
      "type": "static_library",
      "sources": ["<!@(node scripts/sources.mjs hot)"],
      "defines": ["KERATIN_ISA=baseline"],
      "cflags_cc": ["<@(hot_flags)"]
    },
    {
      "target_name": "keratin",
      "dependencies": ["kernels_baseline"],
      "sources": ["<!@(node scripts/sources.mjs core)"],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=9", "NODE_ADDON_API_DISABLE_DEPRECATED"],
      "cflags_cc": ["-std=c++20", "-O3", "-fno-math-errno"],
      "conditions": [
        ["target_arch=='x64'", {"dependencies": ["kernels_avx2", "kernels_avx512"]}]
      ]
    }
  ],
  "conditions": [
    ["target_arch=='x64'", {
      "targets": [
        {
          "target_name": "kernels_avx2",
          "type": "static_library",
          "sources": ["<!@(node scripts/sources.mjs hot)"],
          "defines": ["KERATIN_ISA=avx2"],
          "cflags_cc": ["<@(hot_flags)", "-mavx2", "-mfma", "-mf16c"]
        },
        {
          "target_name": "kernels_avx512",
          "type": "static_library",
          "sources": ["<!@(node scripts/sources.mjs hot)"],
          "defines": ["KERATIN_ISA=avx512"],
          "cflags_cc": [
            "<@(hot_flags)", "-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mfma", "-mf16c",
            "-mprefer-vector-width=512"
          ]
        }
      ]
    }]
  ]
}
