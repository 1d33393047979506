#include "tlog/refusal.h"

namespace imp::tlog {

Reason reason(LogRefusal refusal) {
  switch (refusal) {
    case LogRefusal::malformed:
      return {"log_text_malformed", FailureKind::invalid};
    case LogRefusal::untrusted:
      return {"log_signature_untrusted", FailureKind::unprocessable};
    case LogRefusal::false_proof:
      return {"log_proof_false", FailureKind::unprocessable};
  }
  return {};
}

}  // namespace imp::tlog
