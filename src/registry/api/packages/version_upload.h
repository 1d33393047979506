#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "http/router.h"
#include "registry/api/requester.h"
#include "registry/api/services.h"
#include "registry/publish/commit.h"
#include "registry/publish/publish_receiver.h"
#include "registry/trust/publish_token.h"

namespace imp::registry {

/// What uploading a version needs from whoever does it.
struct UploadRule {
  std::string action;              ///< for the audit log and the second factor
  trust::PublishAction use;        ///< what a publish token must permit
  bool asks_second_factor = true;  ///< of people who have one
};

/// A version on its way in: who sends it, for which package.
struct VersionUpload {
  std::string action;
  PackageName name;
  Requester requester;
  bool factor_given = false;  ///< a second factor, by a person, for this upload

  /// The terms of publishing or staging this version, in the transaction that does so: a publish
  /// token is spent on it.
  Result<PublishOrder> order(const RegistryServices& services, db::Session& session,
                             std::string_view version, Time now) const;
  /// The same for rights that are known already.
  Result<PublishOrder> order_with(const RegistryServices& services, db::Session& session,
                                  Caller rights, Time now) const;
  http::Response refused(RegistryServices& services, const Failure& failure) const;
};
/// VersionUpload::refused() without waiting: see registry::refused_later().
void refused_later(RegistryServices& services, const std::shared_ptr<const VersionUpload>& upload,
                   const Failure& failure, http::Reply reply);

/// Adds a route that takes the document of `npm publish` as it arrives, with flat memory. Identity
/// and second factor are judged from the head; `done` answers once the document is whole and
/// checked and its tarball stored. An upload that ends early leaves nothing behind.
void add_upload_route(http::Router& router, RegistryServices& services, http::Method method,
                      std::string_view pattern, const UploadRule& rule,
                      std::function<http::Response(VersionUpload, ReceivedDocument)> done);

}  // namespace imp::registry
