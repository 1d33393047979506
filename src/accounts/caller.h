#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "accounts/access_token.h"
#include "accounts/actor.h"
#include "accounts/person.h"
#include "accounts/session.h"
#include "http/request.h"

namespace imp::accounts {

enum class CallerKind : std::uint8_t { anonymous, session, token, password };

/// Who sent a request.
struct Caller {
  CallerKind kind = CallerKind::anonymous;
  std::shared_ptr<const Person> person;      ///< null for anonymous callers
  std::shared_ptr<const AccessToken> token;  ///< set for kind token
  std::optional<BrowserSession> session;     ///< set for kind session, and for a pending sign-in
  std::string address;
  std::string request_id;

  bool signed_in() const { return person != nullptr; }
  /// A person whose name and password were just checked (couch login).
  static Caller with_password(Person person, const http::Request& request);
  static Caller anonymous(const http::Request& request);

  /// Whether the credential may be used for this on a package; the person's rights are the caller's
  /// next question. Anonymous callers may read.
  bool reaches_package(std::string_view package, PackageUse use) const;
  /// Account, CI API and governance actions: sessions, and unrestricted login and personal tokens.
  bool acts_fully() const;
  /// Reading in the CI API: acts_fully(), or a personal token limited to reading.
  bool reads_fully() const;
  bool bypasses_second_factor() const { return token && token->bypass_2fa; }

  Actor actor() const;
};

}  // namespace imp::accounts
