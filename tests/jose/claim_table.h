#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "forge.h"

// Tables of single claims in an otherwise good, properly signed token.

namespace imp::jose::test {

/// The outcome of a properly signed token in which one claim is the given JSON text.
inline std::string_view claim_code(std::string_view claim, std::string_view json_text,
                                   const VerifyPolicy& policy = good_policy()) {
  return verified_code(forge(good_header(), payload_with(claim, json_text), rsa_key()), policy);
}

struct ClaimRow {
  std::string_view claim;
  std::string value;  ///< JSON; empty for an absent claim
  std::string_view code;
};

inline void expect_claim_codes(const std::vector<ClaimRow>& rows,
                               const VerifyPolicy& policy = good_policy()) {
  for (const ClaimRow& row : rows) {
    EXPECT_EQ(claim_code(row.claim, row.value, policy), row.code) << row.claim << " " << row.value;
  }
}

}  // namespace imp::jose::test
