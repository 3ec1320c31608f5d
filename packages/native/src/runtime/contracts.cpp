#include "runtime/contracts.h"

#include <map>

#include "runtime/contracts/rules.h"

namespace keratin {

std::vector<Contract> contracts_for(const std::vector<std::string>& kernels) {
  std::map<std::string, Contract> all;
  const contracts::Add add = [&all](std::initializer_list<const char*> names, Contract contract) {
    for (const char* name : names) all[name] = contract;
  };
  contracts::add_tensors(add);
  contracts::add_products(add);
  contracts::add_layers(add);
  contracts::add_recurrent(add);
  contracts::add_parts(add);
  std::vector<Contract> result;
  for (const std::string& name : kernels) {
    const auto found = all.find(name);
    result.push_back(found == all.end() ? nullptr : found->second);
  }
  return result;
}

}  // namespace keratin
