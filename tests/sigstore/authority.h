#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "crypto/keys.h"
#include "sigstore/trusted_root.h"
#include "sigstore/x509.h"

namespace imp::sigstore::test {

namespace json = boost::json;

inline constexpr std::int64_t kSignedAt = 1'790'000'000;

using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;

/// What a certificate is made of; the defaults are those of a signer in GitHub Actions.
struct CertificatePlan {
  std::int64_t from = kSignedAt - 60, to = kSignedAt + 540;
  bool is_ca = false;
  bool signs_code = true;
  std::string key_usage = "critical,digitalSignature";  ///< empty: none is named
  std::string subject =
      "https://github.com/acme/widgets/.github/workflows/release.yml@refs/heads/main";
  /// Fulcio's extensions by the last part of their ids.
  std::map<int, std::string> claims = {
      {8, "https://token.actions.githubusercontent.com"},
      {11, "github-hosted"},
      {12, "https://github.com/acme/widgets"},
      {13, "c0ffee"},
      {14, "refs/heads/main"},
      {18, "https://github.com/acme/widgets/.github/workflows/release.yml@refs/heads/main"},
      {21, "https://github.com/acme/widgets/actions/runs/7/attempts/1"}};
};

/// How a bundle is made; the defaults make one that holds.
struct BundlePlan {
  std::string subject = "pkg:npm/%40acme/widget@1.0.0";
  std::string sha512 = std::string(128, 'a');
  std::string payload_type = "application/vnd.in-toto+json";
  std::string kind = "dsse";
  std::int64_t time = kSignedAt;
  bool promise = true, proof = true;
  CertificatePlan certificate;
  bool certificate_timestamp = true;
  std::int64_t timestamp_at = kSignedAt;
  /// Who signs the certificate's timestamp in the name of the log, instead of the log.
  const crypto::PrivateKey* timestamp_key = nullptr;
  X509* timestamp_issuer = nullptr;  ///< for whose certificate it is, instead of the authority's
  bool other_tree = false;     ///< the proof leads into a tree of one's own, not the checkpoint's
  std::uint8_t hint_bits = 0;  ///< changed in the key hint of the checkpoint's signature
  std::function<void(X509*)> add_extensions = {};
  std::function<void(X509*)> after_timestamp = {};  ///< extensions that it is not for
  std::string predicate_type = "https://slsa.dev/provenance/v1";
  const Key* signer = nullptr;  ///< who signs the envelope, instead of the certificate's key
  std::function<void(json::object& body)> change_body = {};
};

/// A Sigstore of one's own: an authority with an intermediate, a log, and a certificate log.
class Authority {
 public:
  /// The intermediate certificate names these purposes ("timeStamping"); empty: none.
  explicit Authority(const std::string& intermediate_purposes = {});

  json::object trusted_root() const;
  TrustedRoot root() const;
  json::object bundle(const BundlePlan& plan = {}) const;
  std::string bundle_text(const BundlePlan& plan = {}) const {
    return json::serialize(bundle(plan));
  }

  Key root_key, intermediate_key, signer_key;
  X509Handle root_certificate, intermediate_certificate;
  crypto::PrivateKey log_key = crypto::PrivateKey::generate(crypto::KeyKind::p256);
  crypto::PrivateKey certificate_log_key = crypto::PrivateKey::generate(crypto::KeyKind::p256);

 private:
  X509Handle signer_certificate(const BundlePlan& plan) const;
  json::object entry(const BundlePlan& plan, const json::object& body) const;
};

Bytes der_of(X509* x509);
/// Extensions for a plan: by object id, with these bytes, or with OpenSSL's text for it.
void add_extension(X509* x509, const std::string& oid, const Bytes& value, bool critical = false);
void add_named(X509* x509, int nid, const std::string& value);

}  // namespace imp::sigstore::test
