#include "accounts/sign_in.h"

#include <chrono>

#include "accounts/people.h"
#include "accounts/refusal.h"
#include "crypto/password.h"

namespace imp::accounts {
namespace {

constexpr Limit kByNameAndAddress{.what = "sign_in_name_address", .attempts = 10};
constexpr Limit kByAddress{.what = "sign_in_address", .attempts = 100};
constexpr Limit kByName{.what = "sign_in_name", .attempts = 100};
constexpr std::size_t kLongestPassword = 1024;
constexpr std::chrono::seconds kLongestWait(5);

std::unexpected<Failure> wrong() {
  return refuse(AccountRefusal::sign_in_failed, "The user name or the password is wrong.");
}

}  // namespace

SignIn::SignIn(const Services& services, Trail& trail, Throttle& throttle)
    : services_(services),
      trail_(trail),
      throttle_(throttle),
      dummy_hash_(crypto::hash_password(services.random.alphanumeric(20),
                                        services.settings.password_cost)) {}

Result<Person> SignIn::check_password(std::string_view name, std::string_view password,
                                      const Actor& from) {
  const std::string address = throttle_address(from.address);
  const std::string subject = "user:" + std::string(name.substr(0, 214));
  const std::pair<Limit, std::string> limits[] = {
      {kByNameAndAddress, std::string(name) + '\0' + address},
      {kByAddress, address},
      {kByName, std::string(name)}};
  for (std::size_t at = 0; at < std::size(limits); ++at) {
    const Throttle::Admission admission = throttle_.admit(limits[at].first, limits[at].second);
    if (admission.admitted) continue;
    for (std::size_t undo = 0; undo < at; ++undo) {
      throttle_.refund(limits[undo].first, limits[undo].second);
    }
    auto refusal = refuse(AccountRefusal::too_many_attempts,
                          "Too many failed sign-ins; wait 15 minutes and try again.",
                          std::string(limits[at].first.what));
    if (admission.first_refusal) trail_.refused(from, "sign_in", subject, refusal.error());
    return refusal;
  }

  Result<Person> person = verify(name, password);
  if (person || person.error().code() != reason(AccountRefusal::sign_in_failed).code) {
    for (const auto& [limit, key] : limits) throttle_.refund(limit, key);
  }
  if (!person) trail_.refused(from, "sign_in", subject, person.error());
  return person;
}

Result<Person> SignIn::verify(std::string_view name, std::string_view password) {
  if (password.size() > kLongestPassword) return wrong();
  struct Found {
    std::optional<Person> person;
    std::string hash;
  };
  const auto found = services_.database.read([&](db::Session& session) -> Result<Found> {
    Found result{.person = find_person_by_name(session, name), .hash = dummy_hash_};
    if (result.person) {
      const auto row = session.row("SELECT password_hash FROM accounts_people WHERE id = :p1",
                                   {result.person->id});
      result.hash = row->text(0);
    }
    return result;
  });
  if (!found) return pass_on(found);

  if (!slots_.acquire(kLongestWait)) {
    return refuse(AccountRefusal::too_busy,
                  "The server is checking too many passwords; try again in a moment.");
  }
  const bool right = crypto::verify_password(password, found->hash);
  slots_.release();
  if (!right || !found->person) return wrong();
  return *found->person;
}

}  // namespace imp::accounts
