#include "sigstore/refusal.h"

namespace imp::sigstore {

Reason reason(SigstoreRefusal refusal) {
  switch (refusal) {
    case SigstoreRefusal::malformed_bundle:
      return {"malformed_bundle", FailureKind::unprocessable};
    case SigstoreRefusal::malformed_root:
      return {"malformed_trusted_root", FailureKind::invalid};
    case SigstoreRefusal::not_verified:
      return {"bundle_not_verified", FailureKind::unprocessable};
  }
  return {};
}

}  // namespace imp::sigstore
