#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "db/database.h"
#include "registry/trust/publish_token.h"

namespace imp::registry {

/// The CI identity under which a version is uploaded: whom the package trusted, for what, and what
/// the identity token said of the run.
struct CiIdentity {
  std::string publisher;       ///< TrustedPublisher::id
  std::string provider;        ///< Provider::type
  boost::json::object claims;  ///< that the publisher required, and the token had
  boost::json::object run;     ///< PublishToken::run

  boost::json::object to_json() const;
  static CiIdentity from_json(const boost::json::object& kept);
};

/// The one behind a publish token, whose publisher still stands.
CiIdentity identity_of(db::Session& session, const trust::PublishToken& token);

/// Keeps it for the approval of a staged release: by then token and publisher may be gone. It goes
/// when the release goes.
void keep_identity(db::Session& session, std::string_view stage_id, const CiIdentity& identity);
std::optional<CiIdentity> kept_identity(db::Session& session, std::string_view stage_id);

}  // namespace imp::registry
