#include "app/refusal.h"

namespace imp::app {

Reason reason(AppRefusal refusal) {
  switch (refusal) {
    case AppRefusal::no_data:
      return {"no_data", FailureKind::invalid};
    case AppRefusal::data_in_use:
      return {"data_in_use", FailureKind::conflict};
    case AppRefusal::audit_damaged:
      return {"audit_damaged", FailureKind::internal};
    case AppRefusal::runner_failed:
      return {"runner_failed", FailureKind::internal};
  }
  return {};
}

}  // namespace imp::app
