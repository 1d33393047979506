#include "testissuer/refusal.h"

namespace imp::testissuer {

Reason reason(TestIssuerRefusal refusal) {
  switch (refusal) {
    case TestIssuerRefusal::unknown_shape:
      return {"unknown_shape", FailureKind::invalid};
    case TestIssuerRefusal::unknown_token_case:
      return {"unknown_token_case", FailureKind::invalid};
    case TestIssuerRefusal::unknown_trouble:
      return {"unknown_trouble", FailureKind::invalid};
    case TestIssuerRefusal::invalid_token_request:
      return {"invalid_token_request", FailureKind::invalid};
  }
  return {};
}

}  // namespace imp::testissuer
