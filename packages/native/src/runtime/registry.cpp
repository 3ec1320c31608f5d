#include "runtime/registry.h"

#include "kernels/families.h"
#include "runtime/isa.h"
#include "runtime/registry_api.h"

namespace keratin {

size_t Registry::row(const char* name) {
  const auto [found, fresh] = rows_.try_emplace(name, names_.size());
  if (fresh) {
    names_.emplace_back(name);
    table_.resize(names_.size() * kNumDTypes, nullptr);
    specific_.resize(names_.size() * kNumDTypes, false);
    bodies_.resize(names_.size() * kNumDTypes, Body{nullptr, 0, false, false});
    folds_.resize(names_.size() * kNumDTypes, nullptr);
    column_folds_.resize(names_.size() * kNumDTypes, ColumnFold{});
  }
  return found->second * kNumDTypes;
}

void Registry::add(const char* name, Kernel kernel) {
  const size_t start = row(name);
  for (size_t i = start; i < start + kNumDTypes; ++i) {
    if (!specific_[i]) table_[i] = kernel;
  }
}

void Registry::add(const char* name, DType dtype, Kernel kernel) {
  const size_t cell = row(name) + static_cast<size_t>(dtype);
  table_[cell] = kernel;
  specific_[cell] = true;
}

void Registry::add_body(const char* name, DType dtype, const Body& body) {
  bodies_[row(name) + static_cast<size_t>(dtype)] = body;
}

void Registry::add_row_fold(const char* name, DType dtype, RowFold fold) {
  folds_[row(name) + static_cast<size_t>(dtype)] = fold;
}

void Registry::add_column_fold(const char* name, DType dtype, const ColumnFold& fold) {
  column_folds_[row(name) + static_cast<size_t>(dtype)] = fold;
}

const Registry& registry() {
  static const Registry instance = [] {
    Registry filled;
    register_families(filled, selected_isa());
    return filled;
  }();
  return instance;
}

void add_kernel(Registry& registry, const char* name, DType dtype, Kernel kernel) { registry.add(name, dtype, kernel); }

void add_body(Registry& registry, const char* name, DType dtype, const Body& body) {
  registry.add_body(name, dtype, body);
}

void add_row_fold(Registry& registry, const char* name, DType dtype, RowFold fold) {
  registry.add_row_fold(name, dtype, fold);
}

void add_column_fold(Registry& registry, const char* name, DType dtype, const ColumnFold& fold) {
  registry.add_column_fold(name, dtype, fold);
}

const char* active_isa() { return name_of(selected_isa()); }

}  // namespace keratin
