#include "app/audit_tree.h"

namespace imp::app {

namespace {

constexpr Milliseconds kSealingPeriod = std::chrono::seconds(1);

}  // namespace

std::string audit_log_origin(const Settings& settings) {
  std::string origin = settings.public_url.substr(settings.public_url.find("://") + 3) + "/-/audit";
  // A key's name holds no plus sign.
  for (std::size_t at; (at = origin.find('+')) != std::string::npos;) origin.replace(at, 1, "%2B");
  return origin;
}

Result<std::unique_ptr<AuditTree>> AuditTree::create(const Settings& settings, Store& store,
                                                     accounts::Accounts& accounts,
                                                     const Clock& clock, Log& log,
                                                     Metrics& metrics) {
  std::unique_ptr<AuditTree> tree(new AuditTree(store, accounts, clock, log, metrics));
  if (const auto ready = tree->tree_.keys().ensure(audit_log_origin(settings)); !ready) {
    return pass_on(ready);
  }
  tree->seal(tree->tree_.seal());
  return tree;
}

void AuditTree::start() {
  sealing_.emplace(kSealingPeriod, [this] { seal(tree_.seal_all()); }, log_);
}

void AuditTree::seal(Result<audit::TransparencyLog::Sealed> done) {
  if (!done) {
    metrics_.count("audit_seals_total", {{"outcome", done.error().code()}});
    if (done.error().message == last_failure_) return;  // said a second ago
    last_failure_ = done.error().message;
    log_.error("audit log not sealed",
               {{"reason", done.error().message}, {"detail", done.error().detail}});
    return;
  }
  last_failure_.clear();
  if (done->added > 0) metrics_.count("audit_seals_total", {{"outcome", "sealed"}});
  metrics_.set("audit_sealed_records", static_cast<double>(done->size));
  metrics_.set("audit_unsealed_records", static_cast<double>(done->records - done->size));
}

}  // namespace imp::app
