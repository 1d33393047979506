#include "app/settings_record.h"

#include <boost/json.hpp>

#include "app/audit_files.h"
#include "audit/log.h"
#include "crypto/hash.h"

namespace imp::app {

namespace {

constexpr std::string_view kAction = "server.settings";
constexpr std::string_view kSubject = "server";

/// What the file said when the server started, by its hash.
std::string content_of(const std::string& path) {
  if (path.empty()) return {};
  const auto text = read_text_file(path);
  return text ? crypto::sha256_hex(*text) : std::string();
}

boost::json::object believed(const Settings& settings) {
  return {{"http.public_url", settings.public_url},
          {"http.trusted_proxies", boost::json::value_from(settings.trusted_proxies)},
          {"registry.publishes_per_publisher", settings.publishes_per_publisher},
          {"registry.publishes_per_repository", settings.publishes_per_repository},
          {"trust.audiences", boost::json::value_from(settings.audiences)},
          {"trust.circleci_issuer", settings.circleci_issuer},
          {"trust.identity_token_age_ms", settings.identity_token_age.count()},
          {"mail.server", settings.mail_server},
          {"mail.from", settings.mail_from},
          {"provenance.trusted_root", settings.trusted_root},
          {"provenance.trusted_root_sha256", content_of(settings.trusted_root)},
          {"trust.private_addresses", settings.issuer_private_addresses},
          {"trust.self_hosted_runners", settings.self_hosted_runners},
          {"webhooks.private_addresses", settings.webhook_private_addresses},
          {"trust.unused_publisher_life_ms", settings.unused_publisher_life.count()},
          {"trust.publisher_cool_down_ms", settings.publisher_cool_down.count()},
          {"trust.switch_cool_down_ms", settings.switch_cool_down.count()}};
}

}  // namespace

Result<void> record_settings(db::Database& database, const Settings& settings, const Clock& clock) {
  const auto last = audit::list(
      database,
      {.subject = std::string(kSubject), .action_prefix = std::string(kAction), .limit = 1});
  if (!last) return pass_on(last);
  boost::json::object detail = believed(settings);
  boost::json::array changed;
  if (!last->entries.empty()) {
    const boost::json::object& before = last->entries.front().record.detail;
    for (const auto& [key, value] : detail) {
      const auto* old = before.if_contains(key);
      if (!old || *old != value) changed.emplace_back(key);
    }
    if (changed.empty()) return {};
  }
  detail["changed"] = std::move(changed);
  return audit::append_alone(database, {.at = clock.now(),
                                        .actor = "system",
                                        .action = std::string(kAction),
                                        .subject = std::string(kSubject),
                                        .outcome = "granted",
                                        .detail = std::move(detail)});
}

}  // namespace imp::app
