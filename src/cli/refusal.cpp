#include "cli/refusal.h"

namespace imp::cli {

Reason reason(CliRefusal refusal) {
  switch (refusal) {
    case CliRefusal::no_credential:
      return {"no_credential", FailureKind::unauthenticated};
    case CliRefusal::unusable_argument:
      return {"unusable_argument", FailureKind::invalid};
    case CliRefusal::unusable_input:
      return {"unusable_input", FailureKind::invalid};
    case CliRefusal::registry_not_chosen:
      return {"registry_not_chosen", FailureKind::forbidden};
    case CliRefusal::no_identity_token:
      return {"no_identity_token", FailureKind::unauthenticated};
    case CliRefusal::registry_refused:
      return {"registry_refused", FailureKind::upstream};
    case CliRefusal::registry_unavailable:
      return {"registry_unavailable", FailureKind::unavailable};
    case CliRefusal::answer_unusable:
      return {"answer_unusable", FailureKind::upstream};
  }
  return {};
}

}  // namespace imp::cli
