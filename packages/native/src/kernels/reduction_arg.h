// argmax and argmin: a part of the reduction family with a file of its own.
#pragma once

namespace keratin {
class Registry;

namespace generic {
void register_reduction_arg(Registry& registry);
}
}  // namespace keratin
