// Kernels by name and by the dtype of their first operand.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "runtime/call.h"
#include "runtime/registry_api.h"

namespace keratin {

class Registry {
 public:
  /// For every dtype that has no entry of its own. Later registrations replace earlier ones.
  void add(const char* name, Kernel kernel);
  /// For calls whose first operand (first input, or first output where there is none) has this dtype.
  void add(const char* name, DType dtype, Kernel kernel);

  /// What a chain of elementwise functions may call in place of the kernel.
  void add_body(const char* name, DType dtype, const Body& body);

  /// What a program over rows may call in place of a reduction.
  void add_row_fold(const char* name, DType dtype, RowFold fold);
  void add_column_fold(const char* name, DType dtype, const ColumnFold& fold);

  const std::vector<std::string>& names() const { return names_; }
  /// Null where the kernel does not take the dtype.
  Kernel find(int64_t opcode, DType dtype) const {
    return table_[static_cast<size_t>(opcode) * kNumDTypes + static_cast<size_t>(dtype)];
  }
  /// Null where there is none.
  const Body* body(int64_t opcode, DType dtype) const {
    const Body& found = bodies_[static_cast<size_t>(opcode) * kNumDTypes + static_cast<size_t>(dtype)];
    return found.loop == nullptr ? nullptr : &found;
  }
  /// Null where there is none.
  RowFold row_fold(int64_t opcode, DType dtype) const {
    return folds_[static_cast<size_t>(opcode) * kNumDTypes + static_cast<size_t>(dtype)];
  }
  /// Null where there is none.
  const ColumnFold* column_fold(int64_t opcode, DType dtype) const {
    const ColumnFold& found = column_folds_[static_cast<size_t>(opcode) * kNumDTypes + static_cast<size_t>(dtype)];
    return found.add == nullptr ? nullptr : &found;
  }

 private:
  size_t row(const char* name);
  std::vector<std::string> names_;
  std::map<std::string, size_t> rows_;
  std::vector<Kernel> table_;
  std::vector<bool> specific_;
  std::vector<Body> bodies_;
  std::vector<RowFold> folds_;
  std::vector<ColumnFold> column_folds_;
};

/// The process's registry, filled on first use with the best bodies that this CPU (and KERATIN_ISA) allows.
const Registry& registry();

/// "baseline", "avx2" or "avx512": what registry() was filled for.
const char* active_isa();

}  // namespace keratin
