#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/failure.h"
#include "http/request.h"
#include "http/response.h"
#include "registry/api/requester.h"
#include "registry/api/services.h"

namespace imp::registry {

/// How the registry's endpoints answer refusals and write them down. Of one address at most 100 are
/// written down in 15 minutes, together with those of accounts (accounts/trail.h); all are counted.

/// A line of "Publish attempts" for what was done, or tried, with a publish token, or by a person
/// who published or staged `package`. `action` is the audit log's. Its id is the requester's.
struct Use {
  std::string_view package, action, outcome, message, version;
};
void record_use(db::Session& session, const Requester& requester, const Use& use, Time now);

/// Counts a refusal, and writes it to the audit log when it was a decision about identity (401 and
/// 403); whatever a publish token is refused, and every publish that is refused to people, is also
/// a line of the package's "Publish attempts". Without a requester the credential was wrong, which
/// is written down where that was found out.
void record_refusal(RegistryServices& services, const Requester* requester, std::string_view action,
                    std::string_view subject, const Failure& failure);
/// The same for a publish token that is no good; one that was good once is also a line of its
/// package's "Publish attempts". Wrong credentials of people are recorded by
/// accounts.
void record_bad_publish_token(RegistryServices& services, const http::Request& request,
                              const Failure& failure);

/// Lets records that stand for many refusals be seen by the organisation that they concern, and
/// adds them to "Publish attempts". Called once, before the server starts.
void complete_suppressed_refusals(RegistryServices& services);

/// Adds to npm's notice of a refusal, if it has one, where its code is explained.
void add_help(const RegistryServices& services, http::Response& response, const Failure& failure);

/// record_refusal(), and http::failure() with npm's authentication headers and, of an attempt, its
/// id.
http::Response refused(RegistryServices& services, const Requester* requester,
                       std::string_view action, std::string_view subject, const Failure& failure);
/// The same for what db::Database::write_later() tells, without waiting: the answer is given once
/// the refusal is written down.
void refused_later(RegistryServices& services, const std::shared_ptr<const Requester>& requester,
                   const std::string& action, std::string_view subject, const Failure& failure,
                   http::Reply reply);

}  // namespace imp::registry
