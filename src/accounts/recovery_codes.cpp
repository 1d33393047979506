#include "accounts/recovery_codes.h"

#include "base/encoding.h"
#include "crypto/hash.h"

namespace imp::accounts {
namespace {

constexpr int kCodes = 5;
constexpr std::size_t kBytes = 32;

}  // namespace

std::vector<std::string> replace_recovery_codes(db::Session& session, const std::string& person_id,
                                                crypto::Random& random) {
  session.run("DELETE FROM accounts_recovery_codes WHERE person_id = :p1", {person_id});
  std::vector<std::string> codes;
  for (int number = 0; number < kCodes; ++number) {
    codes.push_back(hex(random.bytes(kBytes)));
    session.run("INSERT INTO accounts_recovery_codes (person_id, code_hash) VALUES (:p1, :p2)",
                {person_id, crypto::sha256_hex(codes.back())});
  }
  return codes;
}

}  // namespace imp::accounts
