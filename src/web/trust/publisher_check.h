#pragma once

#include <string>
#include <vector>

#include "base/failure.h"
#include "registry/trust/providers/provider.h"
#include "web/frame/visit.h"

namespace imp::web {

/// What there is to say of one field of the form for a new publisher.
struct FieldNote {
  std::string field;
  std::string text;
  bool problem = true;  ///< the form would be refused; else it may be what is meant
};

/// Looks at what is typed so far: the form of each value and, for organisations of this server,
/// whether there is such a project; of claims that a publisher names itself, what the form would be
/// refused for with the chosen issuer. Empty fields are not spoken of. Of organisations that the
/// visitor does not belong to nothing is told.
Result<std::vector<FieldNote>> check_typed(const Visit& visit, const trust::Provider& provider);

}  // namespace imp::web
