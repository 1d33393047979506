#include "audit/tree_refusal.h"

namespace imp::audit {

Reason reason(TreeRefusal refusal) {
  switch (refusal) {
    case TreeRefusal::no_key:
      return {"audit_log_without_key", FailureKind::unavailable};
    case TreeRefusal::not_sealed:
      return {"audit_log_not_sealed", FailureKind::unavailable};
    case TreeRefusal::out_of_range:
      return {"audit_log_out_of_range", FailureKind::not_found};
    case TreeRefusal::damaged:
      return {"audit_tree_damaged", FailureKind::internal};
  }
  return {};
}

}  // namespace imp::audit
