#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <string>

#include "http/request.h"
#include "http/response.h"
#include "registry/api/requester.h"
#include "registry/api/services.h"
#include "registry/publish/package_change.h"

namespace imp::registry {

/// What a change of a package needs from whoever asks for it.
struct ChangeRule {
  std::string action;  ///< for the audit log and the second factor: "dist_tag.set"
  enum class Needs {
    publish_token_or_person,  ///< a publish token with the permission for `use` will do
    person,                   ///< a person whose credential may write the package
    governing_person,         ///< and one that governs: no granular token
  } needs = Needs::person;
  trust::PublishAction use = trust::PublishAction::publish;
  std::string change = {};          ///< in words, for who confirms it: "latest to 1.1.0"
  boost::json::object detail = {};  ///< goes to the audit record
  int status = 200;                 ///< of success
  /// What else follows from the change, in its transaction and after its audit record.
  std::function<void(db::Session&, const Requester&, const Package&, Time)> then = {};
};

/// Whether the credential itself is good for this, before the person's rights are asked.
Result<void> credential_may_change(const Requester& requester, const ChangeRule& rule,
                                   const PackageName& name);

/// One change of the addressed package with everything around it: who asks, whether the credential
/// is good for it, the second factor, the transaction with its audit record, the cache, the answer.
http::Response change_package(RegistryServices& services, const http::Request& request,
                              const ChangeRule& rule,
                              const std::function<Result<Changed>(db::Session&, const PackageName&,
                                                                  const Caller&, Time)>& change);

}  // namespace imp::registry
