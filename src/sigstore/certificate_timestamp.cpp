#include "sigstore/certificate_timestamp.h"

#include <openssl/ct.h>

#include <algorithm>

#include "crypto/hash.h"
#include "sigstore/x509.h"

namespace imp::sigstore {

namespace {

void free_timestamps(STACK_OF(SCT) * list) { SCT_LIST_free(list); }
using Timestamps = std::unique_ptr<STACK_OF(SCT), Freed<free_timestamps>>;

constexpr std::uint8_t kVersion1 = 0;
constexpr std::uint8_t kCertificateTimestamp = 0;

void append_number(Bytes& out, std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    out.push_back(static_cast<std::uint8_t>(value >> shift));
  }
}

/// The part of the certificate that its issuer signs, without the timestamps: RFC 6962 §3.2.
Bytes before_issuing(const Certificate& certificate) {
  const X509Handle copy(X509_dup(certificate.impl().x509.get()));
  if (!copy) return {};
  const int at = X509_get_ext_by_NID(copy.get(), NID_ct_precert_scts, -1);
  if (at < 0) return {};
  X509_EXTENSION_free(X509_delete_ext(copy.get(), at));
  unsigned char* out = nullptr;
  const int size = i2d_re_X509_tbs(copy.get(), &out);
  if (size <= 0) return {};
  Bytes bytes(out, out + size);
  OPENSSL_free(out);
  return bytes;
}

/// What the log signed.
Bytes signed_bytes(const SCT* timestamp, const Certificate& issuer, const Bytes& tbs) {
  Bytes out = {kVersion1, kCertificateTimestamp};
  append_number(out, SCT_get_timestamp(timestamp), 8);
  append_number(out, 1, 2);  // precert_entry
  const auto issuer_key = crypto::sha256(issuer.spki_der());
  out.insert(out.end(), issuer_key.begin(), issuer_key.end());
  append_number(out, tbs.size(), 3);
  out.insert(out.end(), tbs.begin(), tbs.end());
  unsigned char* extensions = nullptr;
  const std::size_t size = SCT_get0_extensions(timestamp, &extensions);
  append_number(out, size, 2);
  if (size > 0) out.insert(out.end(), extensions, extensions + size);
  return out;
}

bool holds(const SCT* timestamp, const Certificate& issuer, const Bytes& tbs,
           const std::vector<TrustedLog>& logs) {
  if (SCT_get_version(timestamp) != SCT_VERSION_V1) return false;
  unsigned char* id = nullptr;
  const std::size_t id_size = SCT_get0_log_id(timestamp, &id);
  const auto log = std::ranges::find_if(logs, [&](const TrustedLog& one) {
    return std::ranges::equal(one.id, ByteView(id, id_size));
  });
  if (log == logs.end()) return false;
  if (!log->valid.covers(
          from_milliseconds(static_cast<std::int64_t>(SCT_get_timestamp(timestamp))))) {
    return false;
  }
  unsigned char* signature = nullptr;
  const std::size_t size = SCT_get0_signature(timestamp, &signature);
  const int algorithm = SCT_get_signature_nid(timestamp);
  const int expected = log->key.kind() == crypto::KeyKind::p256 ? NID_ecdsa_with_SHA256
                                                                : NID_sha256WithRSAEncryption;
  return algorithm == expected &&
         log->key.verify_der(signed_bytes(timestamp, issuer, tbs), ByteView(signature, size));
}

}  // namespace

bool has_certificate_timestamp(const Certificate& certificate, const Certificate& issuer,
                               const std::vector<TrustedLog>& logs) {
  const QuietX509 quiet;
  const Timestamps list(static_cast<STACK_OF(SCT)*>(
      X509_get_ext_d2i(certificate.impl().x509.get(), NID_ct_precert_scts, nullptr, nullptr)));
  if (!list) return false;
  const Bytes tbs = before_issuing(certificate);
  if (tbs.empty()) return false;
  for (int i = 0; i < sk_SCT_num(list.get()); ++i) {
    if (holds(sk_SCT_value(list.get(), i), issuer, tbs, logs)) return true;
  }
  return false;
}

}  // namespace imp::sigstore
