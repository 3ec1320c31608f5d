// Discrete Fourier transforms of a few points, in place: what the passes of a long one are made of.
#pragma once

#include "kernels/hot/simd.h"

namespace keratin::KERATIN_ISA {
namespace {

template <class T, int radix>
struct Butterfly;

template <class T>
struct Butterfly<T, 2> {
  [[gnu::always_inline]] static inline void apply(T* re, T* im) {
    const T r = re[1];
    const T i = im[1];
    re[1] = re[0] - r;
    im[1] = im[0] - i;
    re[0] += r;
    im[0] += i;
  }
};

template <class T>
struct Butterfly<T, 4> {
  [[gnu::always_inline]] static inline void apply(T* re, T* im) {
    const T sum_r = re[0] + re[2], sum_i = im[0] + im[2];
    const T difference_r = re[0] - re[2], difference_i = im[0] - im[2];
    const T odd_r = re[1] + re[3], odd_i = im[1] + im[3];
    const T turned_r = im[1] - im[3], turned_i = re[3] - re[1];  // -i (x1 - x3)
    re[0] = sum_r + odd_r;
    im[0] = sum_i + odd_i;
    re[1] = difference_r + turned_r;
    im[1] = difference_i + turned_i;
    re[2] = sum_r - odd_r;
    im[2] = sum_i - odd_i;
    re[3] = difference_r - turned_r;
    im[3] = difference_i - turned_i;
  }
};

template <class T>
struct Butterfly<T, 8> {
  [[gnu::always_inline]] static inline void apply(T* re, T* im) {
    constexpr T h = static_cast<T>(0.70710678118654752440);
    T er[4] = {re[0], re[2], re[4], re[6]};
    T ei[4] = {im[0], im[2], im[4], im[6]};
    T odd_r[4] = {re[1], re[3], re[5], re[7]};
    T odd_i[4] = {im[1], im[3], im[5], im[7]};
    Butterfly<T, 4>::apply(er, ei);
    Butterfly<T, 4>::apply(odd_r, odd_i);
    const T wr[4] = {odd_r[0], h * (odd_r[1] + odd_i[1]), odd_i[2], h * (odd_i[3] - odd_r[3])};
    const T wi[4] = {odd_i[0], h * (odd_i[1] - odd_r[1]), -odd_r[2], -h * (odd_r[3] + odd_i[3])};
    for (int k = 0; k < 4; ++k) {
      re[k] = er[k] + wr[k];
      im[k] = ei[k] + wi[k];
      re[k + 4] = er[k] - wr[k];
      im[k + 4] = ei[k] - wi[k];
    }
  }
};

/// cos and sin of 2 pi k / radix for k in [1, radix / 2].
template <int radix>
struct Roots;

template <>
struct Roots<3> {
  static constexpr double cosine[] = {-0.5};
  static constexpr double sine[] = {0.86602540378443864676};
};

template <>
struct Roots<5> {
  static constexpr double cosine[] = {0.3090169943749474241, -0.8090169943749474241};
  static constexpr double sine[] = {0.95105651629515357212, 0.58778525229247312917};
};

template <>
struct Roots<7> {
  static constexpr double cosine[] = {0.62348980185873353053, -0.22252093395631440429, -0.90096886790241912624};
  static constexpr double sine[] = {0.78183148246802980871, 0.97492791218182360702, 0.43388373911755812048};
};

template <>
struct Roots<11> {
  static constexpr double cosine[] = {0.84125353283118116886, 0.41541501300188642553, -0.14231483827328514044,
                                      -0.65486073394528506406, -0.95949297361449738989};
  static constexpr double sine[] = {0.54064081745559758211, 0.90963199535451837141, 0.98982144188093273238,
                                    0.75574957435425828377, 0.28173255684142969771};
};

template <>
struct Roots<13> {
  static constexpr double cosine[] = {0.8854560256532098959,   0.56806474673115580251,  0.12053668025532305335,
                                      -0.35460488704253562597, -0.74851074817110109863, -0.97094181742605202716};
  static constexpr double sine[] = {0.46472317204376854566, 0.82298386589365639458, 0.9927088740980539928,
                                    0.93501624268541482344, 0.66312265824079520238, 0.23931566428755776715};
};

/// An odd number of points: sums and differences of the pairs j and radix - j need only real factors.
template <class T, int radix>
struct Butterfly {
  static constexpr int kHalf = radix / 2;

  [[gnu::always_inline]] static inline void apply(T* re, T* im) {
    T sum_r[kHalf + 1], sum_i[kHalf + 1], difference_r[kHalf + 1], difference_i[kHalf + 1];
#pragma GCC unroll 8
    for (int j = 1; j <= kHalf; ++j) {
      sum_r[j] = re[j] + re[radix - j];
      sum_i[j] = im[j] + im[radix - j];
      difference_r[j] = re[j] - re[radix - j];
      difference_i[j] = im[j] - im[radix - j];
    }
    const T first_r = re[0];
    const T first_i = im[0];
#pragma GCC unroll 8
    for (int j = 1; j <= kHalf; ++j) {
      re[0] += sum_r[j];
      im[0] += sum_i[j];
    }
#pragma GCC unroll 8
    for (int k = 1; k <= kHalf; ++k) {
      T cr = first_r, ci = first_i, sr = 0, si = 0;
#pragma GCC unroll 8
      for (int j = 1; j <= kHalf; ++j) {
        const int turn = j * k % radix;
        const int at = (turn <= kHalf ? turn : radix - turn) - 1;
        const T cosine = static_cast<T>(Roots<radix>::cosine[at]);
        const T sine = static_cast<T>(turn <= kHalf ? Roots<radix>::sine[at] : -Roots<radix>::sine[at]);
        cr += cosine * sum_r[j];
        ci += cosine * sum_i[j];
        sr += sine * difference_r[j];
        si += sine * difference_i[j];
      }
      // cos - i sin for k, cos + i sin for radix - k
      re[k] = cr + si;
      im[k] = ci - sr;
      re[radix - k] = cr - si;
      im[radix - k] = ci + sr;
    }
  }
};

}  // namespace
}  // namespace keratin::KERATIN_ISA
