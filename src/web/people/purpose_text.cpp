#include "web/people/purpose_text.h"

#include <utility>

namespace imp::web {

std::string_view purpose_text(std::string_view action) {
  static constexpr std::pair<std::string_view, std::string_view> kTexts[] = {
      {"package.publish", "Publish a version"},
      {"package.unpublish", "Unpublish"},
      {"package.deprecate", "Deprecate"},
      {"package.owners", "Change the maintainers"},
      {"package.access", "Change who may read it, or what publishing takes"},
      {"dist_tag.set", "Set a dist-tag"},
      {"dist_tag.remove", "Remove a dist-tag"},
      {"trust.list", "List the trusted publishers"},
      {"trust.create", "Add a trusted publisher"},
      {"trust.revoke", "Remove a trusted publisher"},
      {"trust.keep", "Keep a trusted publisher, and answer for it"},
      {"trust.apply", "Change trusted publishers as planned"},
      {"stage.approve", "Approve a staged release"},
      {"stage.reject", "Reject a staged release"},
      {"stage.policy", "Change who approves staged releases"},
      {"switch.set", "Change what publishing takes"},
      {"hook.add", "Add a webhook"},
      {"hook.change", "Change a webhook"},
      {"hook.remove", "Remove a webhook"},
      {"issuer.list", "List the issuers"},
      {"issuer.add", "Add an issuer"},
      {"issuer.remove", "Remove an issuer"},
      {"issuer.freeze", "Freeze an issuer"},
      {"issuer.unfreeze", "End the freeze of an issuer"},
      {"freeze.list", "List the freezes"},
      {"freeze.add", "Freeze a package, a scope or everything"},
      {"freeze.remove", "End a freeze"},
      {"token.create", "Make an access token"},
      {"token.revoke", "Revoke an access token"},
      {"account.profile", "Change your profile"},
      {"account.password", "Change your password"},
      {"second_factor.begin", "Set up an authenticator app"},
      {"second_factor.disable", "Switch your second factor off"},
  };
  for (const auto& [name, text] : kTexts) {
    if (name == action) return text;
  }
  return {};
}

}  // namespace imp::web
