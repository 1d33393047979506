#include "authority.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "crypto/hash.h"
#include "dsse/canonical_json.h"
#include "dsse/envelope.h"
#include "dsse/statement.h"
#include "tlog/checkpoint.h"
#include "tlog/merkle.h"

namespace imp::sigstore::test {

namespace {

constexpr const char* kFulcio = "1.3.6.1.4.1.57264.1.";

Key new_key() { return Key(EVP_EC_gen("P-256")); }

Bytes signature_by(EVP_PKEY* key, std::string_view message) {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  std::size_t size = 0;
  const auto* data = reinterpret_cast<const unsigned char*>(message.data());
  EXPECT_EQ(EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, key), 1);
  EXPECT_EQ(EVP_DigestSign(context, nullptr, &size, data, message.size()), 1);
  Bytes out(size);
  EXPECT_EQ(EVP_DigestSign(context, out.data(), &size, data, message.size()), 1);
  out.resize(size);
  EVP_MD_CTX_free(context);
  return out;
}

}  // namespace

void add_named(X509* x509, int nid, const std::string& value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
  ASSERT_NE(extension, nullptr) << value;
  EXPECT_EQ(X509_add_ext(x509, extension, -1), 1);
  X509_EXTENSION_free(extension);
}

namespace {

void add_extension(X509* x509, ASN1_OBJECT* id, const Bytes& value, bool critical = false) {
  ASN1_OCTET_STRING* text = ASN1_OCTET_STRING_new();
  ASN1_OCTET_STRING_set(text, value.data(), static_cast<int>(value.size()));
  X509_EXTENSION* extension = X509_EXTENSION_create_by_OBJ(nullptr, id, critical ? 1 : 0, text);
  EXPECT_EQ(X509_add_ext(x509, extension, -1), 1);
  X509_EXTENSION_free(extension);
  ASN1_OCTET_STRING_free(text);
}

Bytes utf8_der(const std::string& text) {
  EXPECT_LT(text.size(), 128u);
  Bytes out = {0x0c, static_cast<std::uint8_t>(text.size())};
  out.insert(out.end(), text.begin(), text.end());
  return out;
}

X509Handle unsigned_certificate(EVP_PKEY* key, const char* name, X509* issuer,
                                const CertificatePlan& plan) {
  X509Handle x509(X509_new());
  X509_set_version(x509.get(), 2);
  static long serial = 1;
  ASN1_INTEGER_set(X509_get_serialNumber(x509.get()), ++serial);
  ASN1_TIME_set(X509_getm_notBefore(x509.get()), plan.from);
  ASN1_TIME_set(X509_getm_notAfter(x509.get()), plan.to);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x509.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  X509_set_issuer_name(x509.get(), X509_get_subject_name(issuer ? issuer : x509.get()));
  X509_set_pubkey(x509.get(), key);
  if (plan.is_ca) {
    add_named(x509.get(), NID_basic_constraints, "critical,CA:TRUE");
    add_named(x509.get(), NID_key_usage, "critical,keyCertSign");
  } else {
    if (!plan.key_usage.empty()) add_named(x509.get(), NID_key_usage, plan.key_usage);
  }
  return x509;
}

X509Handle authority_certificate(EVP_PKEY* key, const char* name, X509* issuer,
                                 EVP_PKEY* issuer_key, const std::string& purposes = {}) {
  CertificatePlan plan;
  plan.is_ca = true;
  plan.from = kSignedAt - 1'000'000;
  plan.to = kSignedAt + 1'000'000;
  X509Handle x509 = unsigned_certificate(key, name, issuer, plan);
  if (!purposes.empty()) add_named(x509.get(), NID_ext_key_usage, purposes);
  EXPECT_GT(X509_sign(x509.get(), issuer_key, EVP_sha256()), 0);
  return x509;
}

void append_number(Bytes& out, std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    out.push_back(static_cast<std::uint8_t>(value >> shift));
  }
}

Bytes spki_of(X509* x509) {
  unsigned char* out = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &out);
  Bytes bytes(out, out + size);
  OPENSSL_free(out);
  return bytes;
}

void add_timestamp(X509* x509, X509* issuer, const crypto::PrivateKey& log,
                   const crypto::PrivateKey& signer, std::int64_t at) {
  unsigned char* out = nullptr;
  const int size = i2d_re_X509_tbs(x509, &out);
  Bytes said = {0, 0};
  append_number(said, static_cast<std::uint64_t>(at) * 1000, 8);
  append_number(said, 1, 2);
  const auto issuer_key = crypto::sha256(spki_of(issuer));
  said.insert(said.end(), issuer_key.begin(), issuer_key.end());
  append_number(said, static_cast<std::uint64_t>(size), 3);
  said.insert(said.end(), out, out + size);
  append_number(said, 0, 2);
  OPENSSL_free(out);
  const Bytes signature = signer.sign_der(said);
  Bytes timestamp = {0};
  const auto id = crypto::sha256(log.public_key().spki_der());
  timestamp.insert(timestamp.end(), id.begin(), id.end());
  append_number(timestamp, static_cast<std::uint64_t>(at) * 1000, 8);
  append_number(timestamp, 0, 2);
  append_number(timestamp, 0x0403, 2);
  append_number(timestamp, signature.size(), 2);
  timestamp.insert(timestamp.end(), signature.begin(), signature.end());
  Bytes list;
  append_number(list, timestamp.size() + 2, 2);
  append_number(list, timestamp.size(), 2);
  list.insert(list.end(), timestamp.begin(), timestamp.end());
  EXPECT_LT(list.size(), 256u);
  Bytes value = {0x04, 0x81, static_cast<std::uint8_t>(list.size())};
  if (list.size() < 128) value = {0x04, static_cast<std::uint8_t>(list.size())};
  value.insert(value.end(), list.begin(), list.end());
  add_extension(x509, OBJ_nid2obj(NID_ct_precert_scts), value);
}

std::string pem_of(X509* x509) {
  BIO* memory = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(memory, x509);
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(memory);
  return text;
}

json::object log_object(const char* url, const crypto::PublicKey& key) {
  const Bytes der = key.spki_der();
  return {{"baseUrl", url},
          {"hashAlgorithm", "SHA2_256"},
          {"publicKey",
           {{"rawBytes", base64(der)},
            {"keyDetails", "PKIX_ECDSA_P256_SHA_256"},
            {"validFor", {{"start", "2026-01-01T00:00:00Z"}}}}},
          {"logId", {{"keyId", base64(crypto::sha256(der))}}}};
}

}  // namespace

Bytes der_of(X509* x509) {
  unsigned char* out = nullptr;
  const int size = i2d_X509(x509, &out);
  Bytes bytes(out, out + size);
  OPENSSL_free(out);
  return bytes;
}

void add_extension(X509* x509, const std::string& oid, const Bytes& value, bool critical) {
  ASN1_OBJECT* id = OBJ_txt2obj(oid.c_str(), 1);
  add_extension(x509, id, value, critical);
  ASN1_OBJECT_free(id);
}

Authority::Authority(const std::string& intermediate_purposes)
    : root_key(new_key()), intermediate_key(new_key()), signer_key(new_key()) {
  root_certificate = authority_certificate(root_key.get(), "root", nullptr, root_key.get());
  intermediate_certificate =
      authority_certificate(intermediate_key.get(), "intermediate", root_certificate.get(),
                            root_key.get(), intermediate_purposes);
}

json::object Authority::trusted_root() const {
  const auto raw = [](const X509Handle& x509) {
    return json::object{{"rawBytes", base64(der_of(x509.get()))}};
  };
  const json::object authority{
      {"uri", "https://fulcio.example"},
      {"certChain",
       {{"certificates", json::array{raw(intermediate_certificate), raw(root_certificate)}}}},
      {"validFor", {{"start", "2026-01-01T00:00:00.000Z"}, {"end", "2027-01-01T00:00:00Z"}}}};
  return {
      {"mediaType", "application/vnd.dev.sigstore.trustedroot+json;version=0.1"},
      {"tlogs", json::array{log_object("https://rekor.example/api", log_key.public_key())}},
      {"certificateAuthorities", json::array{authority}},
      {"ctlogs", json::array{log_object("https://ct.example", certificate_log_key.public_key())}}};
}

TrustedRoot Authority::root() const {
  auto parsed = parse_trusted_root(json::serialize(trusted_root()));
  EXPECT_TRUE(parsed) << parsed.error().message;
  return parsed.value();
}

X509Handle Authority::signer_certificate(const BundlePlan& plan) const {
  X509* issuer = intermediate_certificate.get();
  X509Handle x509 = unsigned_certificate(signer_key.get(), "signer", issuer, plan.certificate);
  if (plan.certificate.signs_code) add_named(x509.get(), NID_ext_key_usage, "codeSigning");
  if (!plan.certificate.subject.empty()) {
    add_named(x509.get(), NID_subject_alt_name, "critical,URI:" + plan.certificate.subject);
  }
  for (const auto& [number, value] : plan.certificate.claims) {
    const Bytes bare(value.begin(), value.end());
    add_extension(x509.get(), kFulcio + std::to_string(number),
                  number == 1 ? bare : utf8_der(value));
  }
  if (plan.add_extensions) plan.add_extensions(x509.get());
  EXPECT_GT(X509_sign(x509.get(), intermediate_key.get(), EVP_sha256()), 0);
  if (plan.certificate_timestamp) {
    add_timestamp(x509.get(), plan.timestamp_issuer != nullptr ? plan.timestamp_issuer : issuer,
                  certificate_log_key,
                  plan.timestamp_key != nullptr ? *plan.timestamp_key : certificate_log_key,
                  plan.timestamp_at);
    if (plan.after_timestamp) plan.after_timestamp(x509.get());
    EXPECT_GT(X509_sign(x509.get(), intermediate_key.get(), EVP_sha256()), 0);
  }
  return x509;
}

json::object Authority::entry(const BundlePlan& plan, const json::object& body) const {
  const std::string text = dsse::canonical_json(body);
  const Bytes log_id = [&] {
    const auto id = crypto::sha256(log_key.public_key().spki_der());
    return Bytes(id.begin(), id.end());
  }();
  json::object out{{"logIndex", "1234"},
                   {"logId", {{"keyId", base64(log_id)}}},
                   {"kindVersion", {{"kind", body.at("kind")}, {"version", body.at("apiVersion")}}},
                   {"integratedTime", std::to_string(plan.time)},
                   {"canonicalizedBody", base64(bytes_of(text))}};
  if (plan.promise) {
    const std::string promised = dsse::canonical_json(json::object{{"body", base64(bytes_of(text))},
                                                                   {"integratedTime", plan.time},
                                                                   {"logID", hex(log_id)},
                                                                   {"logIndex", 1234}});
    out["inclusionPromise"] = {
        {"signedEntryTimestamp", base64(log_key.sign_der(bytes_of(promised)))}};
  }
  if (!plan.proof) return out;
  // A tree of three leaves; this one is the second.
  const tlog::Hash first = tlog::leaf_hash("first"), third = tlog::leaf_hash("third");
  const tlog::Hash root = tlog::node_hash(tlog::node_hash(first, tlog::leaf_hash(text)), third);
  const std::string head =
      tlog::checkpoint_text({"rekor.example - 99", 3, root}) + "Timestamp: 1790000000\n";
  Bytes line(log_id.begin(), log_id.begin() + 4);
  line.back() ^= plan.hint_bits;
  const Bytes signature = log_key.sign_der(bytes_of(head));
  line.insert(line.end(), signature.begin(), signature.end());
  out["inclusionProof"] = {
      {"logIndex", "1"},
      {"treeSize", "3"},
      {"rootHash", base64(root)},
      {"hashes", json::array{base64(first), base64(third)}},
      {"checkpoint", {{"envelope", fmt::format("{}\n— rekor.example {}\n", head, base64(line))}}}};
  if (plan.other_tree) {
    json::object& proof = out.at("inclusionProof").as_object();
    proof["logIndex"] = "0";
    proof["treeSize"] = "1";
    proof["rootHash"] = base64(tlog::leaf_hash(text));
    proof["hashes"] = json::array();
  }
  return out;
}

json::object Authority::bundle(const BundlePlan& plan) const {
  const X509Handle certificate = signer_certificate(plan);
  dsse::Envelope envelope{
      plan.payload_type,
      dsse::statement_text({plan.subject, plan.sha512, plan.predicate_type, {}}),
      "",
      {}};
  const Key& signer = plan.signer != nullptr ? *plan.signer : signer_key;
  envelope.signature = signature_by(signer.get(), dsse::signed_text(envelope));
  const json::object payload_hash{{"algorithm", "sha256"},
                                  {"value", crypto::sha256_hex(envelope.payload)}};
  const std::string pem = pem_of(certificate.get());
  const std::string signature = base64(envelope.signature);
  json::object body;
  if (plan.kind == "dsse") {
    body = {{"apiVersion", "0.0.1"},
            {"kind", "dsse"},
            {"spec",
             {{"payloadHash", payload_hash},
              {"signatures",
               json::array{{{"signature", signature}, {"verifier", base64(bytes_of(pem))}}}}}}};
  } else {
    body = {{"apiVersion", "0.0.2"},
            {"kind", plan.kind},
            {"spec",
             {{"content",
               {{"envelope",
                 {{"payloadType", plan.payload_type},
                  {"signatures", json::array{{{"sig", base64(bytes_of(signature))},
                                              {"publicKey", base64(bytes_of(pem))}}}}}},
                {"payloadHash", payload_hash}}}}}};
  }
  if (plan.change_body) plan.change_body(body);
  return {{"mediaType", "application/vnd.dev.sigstore.bundle.v0.3+json"},
          {"verificationMaterial",
           {{"certificate", {{"rawBytes", base64(der_of(certificate.get()))}}},
            {"tlogEntries", json::array{entry(plan, body)}}}},
          {"dsseEnvelope", dsse::to_json(envelope)}};
}

}  // namespace imp::sigstore::test
