#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/failure.h"
#include "crypto/keys.h"
#include "sigstore/trusted_root.h"

namespace imp::sigstore {

/// What a certificate of Fulcio says of its holder: the claims of the identity token that it was
/// issued for. What it does not say, or says with something else than printable UTF-8, is empty.
struct SignerIdentity {
  std::string issuer;              ///< 1.3.6.1.4.1.57264.1.8, or .1 in old certificates
  std::string subject;             ///< the subject alternative name
  std::string source_repository;   ///< .12, an address
  std::string source_commit;       ///< .13
  std::string source_ref;          ///< .14
  std::string build_config;        ///< .18, an address with the ref
  std::string runner_environment;  ///< .11
  std::string run;                 ///< .21, an address
};

/// A certificate (RFC 5280). Immutable, cheap to copy.
class Certificate {
 public:
  static std::optional<Certificate> parse(ByteView der);

  Bytes der() const;
  Bytes spki_der() const;  ///< of its key
  SignerIdentity identity() const;

  /// The certificate that issued it, when it is a signer's of this authority at that time: chain,
  /// validity of each, and the purpose of signing code, in the authority's certificates where
  /// they name purposes. Nothing otherwise.
  std::optional<Certificate> issuer_at(const CertificateAuthority& authority, Time at) const;

  struct Impl;
  const Impl& impl() const { return *impl_; }

 private:
  std::shared_ptr<const Impl> impl_;
};

}  // namespace imp::sigstore
