#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/client.h"
#include "registry/packages/package_name.h"
#include "registry/packages/registry_key.h"
#include "registry/provenance/publish_attestation.h"
#include "tlog/merkle.h"
#include "tlog/note.h"

namespace imp::verify::test {

namespace json = boost::json;

/// A registry with one version of @acme/widget, which a pipeline published, as its routes answer.
/// It lies when told to.
class FakeRegistry final : public http::Client {
 public:
  FakeRegistry();

  Result<http::Fetched> fetch(const http::Fetch& request) override;

  /// What it answers instead of a document, or of what a path answers: nothing is a 404.
  using Lie = std::function<std::optional<std::string>(const std::string& path, std::string body)>;
  Lie lie;

  std::string address = "https://npm.example.org";
  registry::PackageName name = registry::PackageName::for_read("@acme/widget").value();
  std::string version = "1.0.0";
  std::string tarball = "the bytes of a tarball";
  registry::RegistryKey key{crypto::PrivateKey::generate(crypto::KeyKind::p256)};
  tlog::NoteSigner log_key{"npm.example.org/-/audit",
                           crypto::PrivateKey::generate(crypto::KeyKind::ed25519)};
  std::vector<tlog::Hash> leaves;
  std::int64_t record = 4;
  bool trusted = true;  ///< else a person published it
  std::vector<std::string> asked;
  std::vector<std::string> tokens;

  registry::TrustedPublish publish() const;
  std::string checkpoint(std::uint64_t size) const;
  std::string integrity() const;
  json::object manifest() const;
  std::string attestations() const;
  std::string keys(std::string_view expires = {}) const;
  /// The element of the attestations with this predicate, made anew from a changed statement.
  std::string attestations_of(const registry::TrustedPublish& publish) const;

 private:
  std::optional<std::string> honest(const std::string& path) const;
  std::string inclusion(std::uint64_t sequence) const;
  std::string consistency(std::uint64_t from, std::uint64_t to) const;
  tlog::Nodes nodes() const;
};

}  // namespace imp::verify::test
