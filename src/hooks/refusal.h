#pragma once

#include <cstdint>

#include "base/failure.h"

namespace imp::hooks {

enum class HookRefusal : std::uint8_t {
  hook_not_found,
  invalid_hook,    ///< its address, events or secret
  too_many_hooks,  ///< of one package or organisation
  delivery_not_found,
  hook_paused,  ///< nothing is sent to it
};
Reason reason(HookRefusal refusal);

}  // namespace imp::hooks
