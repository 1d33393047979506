#pragma once

#include <cstdint>

#include "base/failure.h"

namespace imp::testissuer {

/// Why the test issuer does not do what it was asked to.
enum class TestIssuerRefusal : std::uint8_t {
  unknown_shape,          ///< not circleci, github or gitlab
  unknown_token_case,     ///< not in the table, or not of this shape
  unknown_trouble,        ///< not in the table
  invalid_token_request,  ///< not of the known form
};
Reason reason(TestIssuerRefusal refusal);

}  // namespace imp::testissuer
