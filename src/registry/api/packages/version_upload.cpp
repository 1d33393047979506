#include "registry/api/packages/version_upload.h"

#include "registry/api/refusals.h"
#include "registry/api/trust/pending_publishers.h"
#include "registry/packages/store.h"

namespace imp::registry {

namespace {

using Done = std::function<http::Response(VersionUpload, ReceivedDocument)>;

class Upload final : public http::BodySink {
 public:
  Upload(RegistryServices& services, VersionUpload upload, Done done)
      : services_(services),
        upload_(std::move(upload)),
        receiver_(upload_.name, services.blobs, services.receive_limits),
        done_(std::move(done)) {}

  Result<void> write(ByteView bytes) override {
    // The refusal is kept for finish(), where it is recorded like any other.
    if (!refused_) {
      if (auto written = receiver_.write(bytes); !written) refused_ = std::move(written.error());
    }
    return {};
  }

  http::Response finish() override {
    if (refused_) return upload_.refused(services_, *refused_);
    auto received = receiver_.finish();
    if (!received) return upload_.refused(services_, received.error());
    if (const auto may = may_release(*received); !may)
      return upload_.refused(services_, may.error());
    if (received->candidate) services_.reader.stored(received->candidate->tarball.sha512);
    return done_(std::move(upload_), std::move(*received));
  }

 private:
  Result<void> may_release(const ReceivedDocument& received) const {
    const auto& token = upload_.requester.publish_token();
    if (!token || !received.candidate) return {};
    return trust::may_release(*token, received.candidate->version);
  }

  RegistryServices& services_;
  VersionUpload upload_;
  PublishReceiver receiver_;
  std::optional<Failure> refused_;
  Done done_;
};

bool everybody_reads(RegistryServices& services, const PackageName& name) {
  const auto open = services.database.read([&](db::Session& session) -> Result<bool> {
    const auto package = find_package(session, name.text());
    return package && access_of(session, *package).access == Access::open;
  });
  return open.value_or(false);
}

/// npm goes on without a token when the exchange of one was refused: then that is the reason why
/// this publish has no rights, and it is told along.
Failure explained(RegistryServices& services, const http::Request& request, const PackageName& name,
                  Failure failure) {
  const auto before = services.refused_exchanges.find(name.text(), request.remote_address);
  if (before) {
    failure.message +=
        " " + told_of(*before, everybody_reads(services, name), services.clock.now());
  }
  return failure;
}

/// Judges the head: the upload, or what to answer instead.
std::expected<VersionUpload, http::Response> begin(RegistryServices& services,
                                                   const http::Request& request,
                                                   const UploadRule& rule) {
  const auto name = addressed_package(request);
  if (!name) return std::unexpected(http::failure(name.error()));
  const std::string subject = "package:" + name->text();
  auto requester = Requester::identify(services, request);
  if (!requester) {
    return std::unexpected(refused(services, nullptr, rule.action, subject,
                                   explained(services, request, *name, requester.error())));
  }
  if (const auto allowed = requester->may(rule.use, *name); !allowed) {
    const bool machine = requester->publish_token().has_value();
    return std::unexpected(
        refused(services, &*requester, rule.action, subject,
                machine ? allowed.error() : explained(services, request, *name, allowed.error())));
  }
  VersionUpload upload{rule.action, *name, std::move(*requester)};
  // A tarball may be a gigabyte: it is not taken from who may not publish it.
  const auto may = services.database.read([&](db::Session& session) -> Result<void> {
    const Time now = services.clock.now();
    const auto order = upload.order_with(services, session, upload.requester.rights(), now);
    if (!order) return pass_on(order);
    return may_publish(session, upload.name, *order, now);
  });
  if (!may) {
    const bool machine = upload.requester.publish_token().has_value();
    return std::unexpected(upload.refused(
        services, machine ? may.error() : explained(services, request, *name, may.error())));
  }
  if (rule.asks_second_factor) {
    auto given = given_factor(services, request, upload.requester, rule.action, upload.name.text(),
                              Without::allow);
    if (!given) return std::unexpected(std::move(given.error()));
    upload.factor_given = *given;
  }
  return upload;
}

std::size_t body_limit(const RegistryServices& services) {
  const DecodeLimits& limits = services.receive_limits.document;
  // base64 inflates by a third.
  return limits.tarball_bytes / 3 * 4 + limits.metadata_bytes + 4096;
}

}  // namespace

Result<PublishOrder> VersionUpload::order(const RegistryServices& services, db::Session& session,
                                          std::string_view version, Time now) const {
  auto rights = requester.rights_now(session, now);
  if (!rights) return pass_on(rights);
  if (const auto& token = requester.publish_token()) {
    if (const auto spent = trust::spend(session, *token, version); !spent) return pass_on(spent);
  }
  return order_with(services, session, std::move(*rights), now);
}

Result<PublishOrder> VersionUpload::order_with(const RegistryServices& services,
                                               db::Session& session, Caller rights,
                                               Time now) const {
  PublishOrder order;
  order.caller = std::move(rights);
  order.publisher = requester.publisher();
  order.scope_owner = scope_owner(session, name);
  order.factor_given = factor_given;
  // A publish token is about versions alone, unless its publisher was to create the package.
  order.may_change_access = !requester.publish_token();
  if (const auto& token = requester.publish_token()) {
    const auto creation = creation_by(session, *token, name);
    if (!creation) return pass_on(creation);
    order.may_create = creation->has_value();
    if (order.may_create) order.first_maintainers = (*creation)->maintainers;
  }
  order.on_created = [this, &services, now](db::Session& in, const Package& package) {
    settle_pending_publishers(in, services, requester, package, now);
  };
  return order;
}

http::Response VersionUpload::refused(RegistryServices& services, const Failure& failure) const {
  return registry::refused(services, &requester, action, "package:" + name.text(), failure);
}

void refused_later(RegistryServices& services, const std::shared_ptr<const VersionUpload>& upload,
                   const Failure& failure, http::Reply reply) {
  refused_later(services, std::shared_ptr<const Requester>(upload, &upload->requester),
                upload->action, "package:" + upload->name.text(), failure, std::move(reply));
}

void add_upload_route(http::Router& router, RegistryServices& services, http::Method method,
                      std::string_view pattern, const UploadRule& rule, Done done) {
  http::RouteOptions options;
  options.body_limit = body_limit(services);
  router.add_sink(
      method, pattern,
      [&services, rule, done = std::move(done)](const http::Request& request)
          -> std::expected<std::unique_ptr<http::BodySink>, http::Response> {
        auto upload = begin(services, request, rule);
        if (!upload) return std::unexpected(std::move(upload.error()));
        return std::make_unique<Upload>(services, std::move(*upload), done);
      },
      options);
}

}  // namespace imp::registry
