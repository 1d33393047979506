#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "registry/trust/attempt.h"
#include "registry/trust/publisher.h"
#include "registry/trust/publisher_end.h"
#include "web/frame/visit.h"

namespace imp::web {

boost::json::array publishers_model(const std::vector<trust::TrustedPublisher>& publishers,
                                    const trust::Issuers& issuers, Time now);
/// Those that ended, for who may add them again.
boost::json::array ended_model(const std::vector<trust::EndedPublisher>& ended, Time now);
/// What a list of publishers calls one: its provider and its project.
boost::json::object publisher_line(const trust::TrustedPublisher& publisher);
/// To each of publishers_model(): what its last job had, of these attempts, and it does not
/// require.
void add_unasked(boost::json::array& publishers, const std::vector<trust::Attempt>& attempts);
boost::json::array attempts_model(const std::vector<trust::Attempt>& attempts, Time now);

/// Attempt::comparison as _comparison.html shows it: each publisher that was looked at, with its
/// claims.
boost::json::array comparison_model(const boost::json::array& comparison);

/// Claims that were typed one a line, name = value, all as texts; or the name that has two lines,
/// of which one would go unheard.
std::expected<boost::json::object, std::string> claims_in_lines(const std::string& text);

/// The provider whose form is shown or was sent: `type` of the form or the address, else the first.
const trust::Provider& chosen_provider(const Visit& visit);
/// Whether this server's own pipelines are trusted by such claims.
bool speaks_own_pipelines(const Visit& visit, const trust::Provider& provider);
boost::json::array provider_choices(const trust::Provider& chosen);
/// A field for each claim of the provider's table, and for each identifier that would be learnt;
/// with what is filled in, by field, else with what was typed.
boost::json::array form_fields(const Visit& visit, const trust::Provider& provider,
                               const boost::json::object& filled_in);

/// The form's fields as the array that npm posts. TrustRefusal::invalid_publisher when a claim is
/// named twice.
Result<boost::json::array> publisher_request(const Visit& visit);

}  // namespace imp::web
