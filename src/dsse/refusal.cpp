#include "dsse/refusal.h"

namespace imp::dsse {

Reason reason(DsseRefusal refusal) {
  switch (refusal) {
    case DsseRefusal::malformed_envelope:
      return {"malformed_envelope", FailureKind::invalid};
    case DsseRefusal::malformed_statement:
      return {"malformed_statement", FailureKind::invalid};
  }
  return {};
}

}  // namespace imp::dsse
