#include "registry/brakes/refusal.h"

namespace imp::registry {

Reason reason(BrakeRefusal refusal) {
  switch (refusal) {
    case BrakeRefusal::frozen:
      return {"frozen", FailureKind::forbidden};
    case BrakeRefusal::invalid_freeze:
      return {"invalid_freeze", FailureKind::invalid};
    case BrakeRefusal::freeze_exists:
      return {"freeze_exists", FailureKind::conflict};
    case BrakeRefusal::freeze_not_found:
      return {"freeze_not_found", FailureKind::not_found};
  }
  return {};
}

}  // namespace imp::registry
