#include "verify/refusal.h"

namespace imp::verify {

Reason reason(VerifyRefusal refusal) {
  switch (refusal) {
    case VerifyRefusal::registry_answer:
      return {"registry_answer", FailureKind::upstream};
    case VerifyRefusal::not_verified:
      return {"not_verified", FailureKind::unprocessable};
  }
  return {};
}

}  // namespace imp::verify
