#include <boost/json.hpp>

#include "http/response.h"
#include "registry/api/guarded_change.h"
#include "registry/api/refusals.h"
#include "registry/api/routes.h"
#include "registry/api/trust/departures.h"
#include "registry/publish/publish_decoder.h"
#include "registry/publish/revision_put.h"
#include "registry/publish/unpublish.h"

namespace imp::registry {

namespace {

// npm sends the whole packument back. Parsed, it takes several times its size.
constexpr std::size_t kDocumentLimit = 64 * 1024 * 1024;

/// What `npm owner` needs to know of the people it names.
class Directory final : public PersonLookup {
 public:
  std::optional<Person> find(db::Session& session, std::string_view name) const override {
    const auto person = accounts::find_person_by_name(session, name);
    if (!person) return std::nullopt;
    return Person{person->name, person->email};
  }
};

ChangeRule rule(std::string action, int status = 200) {
  return {.action = std::move(action), .status = status};
}

/// The names of the maintainers that the document wants; what is no name is refused later.
std::string named_owners(const boost::json::object& document) {
  std::string names;
  const boost::json::value* maintainers = document.if_contains("maintainers");
  if (!maintainers || !maintainers->is_array()) return names;
  for (const boost::json::value& one : maintainers->get_array()) {
    const auto* person = one.if_object();
    const auto* name = person ? person->if_contains("name") : nullptr;
    if (!name || !name->is_string()) continue;
    names += (names.empty() ? "" : ", ") + std::string(name->get_string());
  }
  return names;
}

http::Response put_document(RegistryServices& services, const http::Request& request,
                            const boost::json::object& document) {
  const bool owners = !document.contains("versions");
  ChangeRule needed = rule(owners ? "package.owners" : "package.unpublish", 201);
  if (owners) {
    needed.needs = ChangeRule::Needs::governing_person;
    needed.change = named_owners(document);
    needed.then = [&services](db::Session& session, const Requester& requester,
                              const Package& package, Time now) {
      settle_new_owners(session, services, requester, package, now);
    };
  }
  return change_package(
      services, request, needed,
      [&](db::Session& session, const PackageName& name, const Caller& caller, Time now) {
        return put_revision(session, name, request.param("rev"), document, Directory(), caller,
                            now);
      });
}

/// Takes the packument that npm sends back; one with a tarball is refused.
class DocumentUpload final : public http::BodySink {
 public:
  DocumentUpload(RegistryServices& services, http::Request request)
      : services_(services), request_(std::move(request)) {}

  Result<void> write(ByteView bytes) override {
    // The refusal is kept for finish(): an answer before the end might not be seen.
    (void)decoder_.write(bytes);
    return {};
  }
  http::Response finish() override {
    const auto document = decoder_.finish();
    if (!document) return http::failure(document.error());
    return put_document(services_, request_, document->metadata);
  }

 private:
  class NoTarball final : public TarballSink {
   public:
    Result<void> write(ByteView) override { return {}; }
  };

  RegistryServices& services_;
  http::Request request_;
  NoTarball dropped_;
  PublishDecoder decoder_{dropped_,
                          {.metadata_bytes = kDocumentLimit, .tarball_bytes = 0, .json = {}}};
};

std::expected<std::unique_ptr<http::BodySink>, http::Response> judge_document(
    RegistryServices& services, const http::Request& request) {
  const auto name = addressed_package(request);
  if (!name) return std::unexpected(http::failure(name.error()));
  // Whether it is about owners is in the document: here the lesser right is asked for.
  const ChangeRule least = rule("package.unpublish");
  const std::string subject = "package:" + name->text();
  const auto requester = Requester::identify(services, request);
  if (!requester) {
    return std::unexpected(refused(services, nullptr, least.action, subject, requester.error()));
  }
  if (const auto may = credential_may_change(*requester, least, *name); !may) {
    return std::unexpected(refused(services, &*requester, least.action, subject, may.error()));
  }
  const auto may = services.database.read([&](db::Session& session) -> Result<void> {
    const auto package = open_for_change(session, *name, requester->rights(), ChangeOf::to_be_seen);
    if (!package) return pass_on(package);
    return {};
  });
  if (!may) {
    return std::unexpected(refused(services, &*requester, least.action, subject, may.error()));
  }
  return std::make_unique<DocumentUpload>(services, request);
}

http::Response delete_package(RegistryServices& services, const http::Request& request) {
  return change_package(
      services, request, rule("package.unpublish"),
      [&](db::Session& session, const PackageName& name, const Caller& caller, Time now) {
        return unpublish_all(session, name, request.param("rev"), caller, now);
      });
}

http::Response delete_tarball(RegistryServices& services, const http::Request& request) {
  return change_package(
      services, request, rule("package.unpublish"),
      [&](db::Session& session, const PackageName& name, const Caller& caller, Time) {
        return confirm_tarball_gone(session, name, request.param("file"), caller);
      });
}

}  // namespace

void add_unpublish_routes(http::Router& router, RegistryServices& services) {
  const auto bind = [&services](auto handler) {
    return
        [&services, handler](const http::Request& request) { return handler(services, request); };
  };
  http::RouteOptions document;
  document.body_limit = kDocumentLimit;
  router.add_sink(http::Method::put, "/{package}/-rev/{rev}", bind(judge_document), document);
  router.add(http::Method::del, "/{package}/-rev/{rev}", bind(delete_package));
  router.add(http::Method::del, "/{package}/-/{file}/-rev/{rev}", bind(delete_tarball));
}

}  // namespace imp::registry
