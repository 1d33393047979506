#pragma once

#include <string>
#include <string_view>

#include "accounts/caller.h"
#include "accounts/second_factor.h"
#include "accounts/second_factor_gate.h"
#include "ci/api/endpoint.h"
#include "http/request.h"
#include "web/services.h"

namespace imp::web {

/// What the pages themselves refuse.
enum class WebRefusal {
  page_not_found,    ///< absent, or hidden from this visitor
  field_missing,     ///< a form without something that it needs
  passwords_differ,  ///< a new password was not typed the same twice
  code_missing,      ///< a form that asks for a second factor, without one
  factor_required,   ///< needs a second factor from somebody who has none
};
Reason reason(WebRefusal refusal);

/// Somebody who looks at a page or sends a form. Only browser sessions count: a page that changes
/// something must not be operated by credentials that a browser adds by itself.
struct Visit {
  WebServices& services;
  const http::Request& request;
  accounts::Caller caller;           ///< of kind session, or anonymous
  const Failure* problem = nullptr;  ///< why the form that is shown again was refused

  bool signed_in() const { return caller.signed_in(); }
  const accounts::Person& person() const { return *caller.person; }
  accounts::Actor actor() const { return caller.actor(); }
  /// The same request as the CI half's functions take it.
  ci::Call call() const { return {services.ci, request, caller}; }

  const std::string& param(std::string_view name) const { return request.param(name); }
  /// A field of the form, without white space at its ends; empty when absent.
  std::string field(std::string_view name) const;
  /// A field as it was sent: passwords and values of variables.
  std::string raw_field(std::string_view name) const;
  /// A field that must not be empty. `label` is what the page calls it.
  Result<std::string> required(std::string_view name, std::string_view label) const;
  std::string query(std::string_view name) const;
  /// Where to look at this page again: its own address, or `page` when a form shows it.
  std::string here(std::string page) const;
  /// The token that every form of this visitor carries; empty without a session.
  std::string csrf() const;
};

/// The second factor in the form's fields: "otp", a code, or "passkey", what the visitor's browser
/// answered to a challenge for it.
accounts::GivenFactor given_factor(const Visit& visit);
/// What challenges for passkeys are issued to: the session, also a pending one; empty without one.
std::string browser_of(const Visit& visit);

/// Checks the second factor that the form gives for this purpose; what it was. People without a
/// second factor are let through or sent to set one up.
Result<accounts::Confirmation> confirm(const Visit& visit, const accounts::Purpose& purpose,
                                       accounts::WithoutFactor without);

}  // namespace imp::web
