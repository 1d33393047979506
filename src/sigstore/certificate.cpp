#include "sigstore/certificate.h"

#include <algorithm>

#include "sigstore/x509.h"

namespace imp::sigstore {

namespace {

using Store = std::unique_ptr<X509_STORE, Freed<X509_STORE_free>>;
using StoreContext = std::unique_ptr<X509_STORE_CTX, Freed<X509_STORE_CTX_free>>;
using Object = std::unique_ptr<ASN1_OBJECT, Freed<ASN1_OBJECT_free>>;
using Utf8 = std::unique_ptr<ASN1_UTF8STRING, Freed<ASN1_UTF8STRING_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Freed<GENERAL_NAMES_free>>;

void free_stack(STACK_OF(X509) * stack) { sk_X509_pop_free(stack, X509_free); }
using Stack = std::unique_ptr<STACK_OF(X509), Freed<free_stack>>;

constexpr const char* kIssuerV1 = "1.3.6.1.4.1.57264.1.1";
constexpr const char* kIssuer = "1.3.6.1.4.1.57264.1.8";
constexpr const char* kRunnerEnvironment = "1.3.6.1.4.1.57264.1.11";
constexpr const char* kSourceRepository = "1.3.6.1.4.1.57264.1.12";
constexpr const char* kSourceCommit = "1.3.6.1.4.1.57264.1.13";
constexpr const char* kSourceRef = "1.3.6.1.4.1.57264.1.14";
constexpr const char* kBuildConfig = "1.3.6.1.4.1.57264.1.18";
constexpr const char* kRun = "1.3.6.1.4.1.57264.1.21";

std::string bytes_of_string(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

/// Empty for what is no text: OpenSSL takes any bytes for a UTF8String, and no claim of an identity
/// token has controls.
std::string text_or_nothing(std::string text) {
  const bool controls = std::ranges::any_of(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  return controls || !is_utf8(text) ? std::string() : text;
}

std::string text_of_string(const ASN1_STRING* text) {
  return text_or_nothing(bytes_of_string(text));
}

/// The bytes of the one extension of this id; two of them are none.
std::string extension(const X509* x509, const char* oid) {
  const Object object(OBJ_txt2obj(oid, 1));
  if (!object) return {};
  const int at = X509_get_ext_by_OBJ(x509, object.get(), -1);
  if (at < 0 || X509_get_ext_by_OBJ(x509, object.get(), at) >= 0) return {};
  return bytes_of_string(X509_EXTENSION_get_data(X509_get_ext(x509, at)));
}

/// One whose value is a UTF8String in DER, as those from .8 on are.
std::string utf8_extension(const X509* x509, const char* oid) {
  const std::string der = extension(x509, oid);
  const auto* next = reinterpret_cast<const unsigned char*>(der.data());
  const auto* end = next + der.size();
  const Utf8 text(d2i_ASN1_UTF8STRING(nullptr, &next, static_cast<long>(der.size())));
  return text && next == end ? text_of_string(text.get()) : std::string();
}

/// The only subject alternative name, an address or a mail address.
std::string subject_of(const X509* x509) {
  const Names names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(x509, NID_subject_alt_name, nullptr, nullptr)));
  if (!names || sk_GENERAL_NAME_num(names.get()) != 1) return {};
  const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), 0);
  if (name->type == GEN_URI) return text_of_string(name->d.uniformResourceIdentifier);
  if (name->type == GEN_EMAIL) return text_of_string(name->d.rfc822Name);
  return {};
}

/// The key is for signatures over data: RFC 5280 §4.2.1.3.
bool signs_data(X509* x509) {
  return (X509_get_extension_flags(x509) & EXFLAG_KUSAGE) != 0 &&
         (X509_get_key_usage(x509) & KU_DIGITAL_SIGNATURE) != 0;
}

/// Purposes of an authority's certificate restrict those of what it issues.
bool may_issue_for_code(X509* x509) {
  return (X509_get_extension_flags(x509) & EXFLAG_XKUSAGE) == 0 ||
         (X509_get_extended_key_usage(x509) & (XKU_CODE_SIGN | XKU_ANYEKU)) != 0;
}

X509* share(const Certificate& certificate) {
  X509* x509 = certificate.impl().x509.get();
  X509_up_ref(x509);
  return x509;
}

}  // namespace

std::optional<Certificate> Certificate::parse(ByteView der) {
  const QuietX509 quiet;
  const unsigned char* next = der.data();
  X509Handle x509(d2i_X509(nullptr, &next, static_cast<long>(der.size())));
  if (!x509 || next != der.data() + der.size()) return std::nullopt;
  Certificate certificate;
  certificate.impl_ = std::make_shared<const Impl>(Impl{std::move(x509)});
  return certificate;
}

Bytes Certificate::der() const {
  unsigned char* out = nullptr;
  const int size = i2d_X509(impl_->x509.get(), &out);
  if (size <= 0) return {};
  Bytes bytes(out, out + size);
  OPENSSL_free(out);
  return bytes;
}

Bytes Certificate::spki_der() const {
  unsigned char* out = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(impl_->x509.get()), &out);
  if (size <= 0) return {};
  Bytes bytes(out, out + size);
  OPENSSL_free(out);
  return bytes;
}

SignerIdentity Certificate::identity() const {
  const QuietX509 quiet;
  const X509* x509 = impl_->x509.get();
  SignerIdentity identity{utf8_extension(x509, kIssuer),
                          subject_of(x509),
                          utf8_extension(x509, kSourceRepository),
                          utf8_extension(x509, kSourceCommit),
                          utf8_extension(x509, kSourceRef),
                          utf8_extension(x509, kBuildConfig),
                          utf8_extension(x509, kRunnerEnvironment),
                          utf8_extension(x509, kRun)};
  // In certificates from before .8 this one is the bare text.
  if (identity.issuer.empty()) {
    identity.issuer = text_or_nothing(extension(x509, kIssuerV1));
  }
  return identity;
}

std::optional<Certificate> Certificate::issuer_at(const CertificateAuthority& authority,
                                                  Time at) const {
  const QuietX509 quiet;
  const Store store(X509_STORE_new());
  const Stack between(sk_X509_new_null());
  const StoreContext context(X509_STORE_CTX_new());
  if (!store || !between || !context) return std::nullopt;
  for (std::size_t i = 0; i < authority.chain.size(); ++i) {
    const auto one = parse(authority.chain[i]);
    if (!one) return std::nullopt;
    if (i + 1 == authority.chain.size()) {
      if (X509_STORE_add_cert(store.get(), one->impl().x509.get()) != 1) return std::nullopt;
    } else if (sk_X509_push(between.get(), share(*one)) <= 0) {
      return std::nullopt;
    }
  }
  if (X509_STORE_CTX_init(context.get(), store.get(), impl_->x509.get(), between.get()) != 1) {
    return std::nullopt;
  }
  X509_VERIFY_PARAM* param = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(param, std::chrono::system_clock::to_time_t(at));
  // What the operator believes need not be signed by itself.
  X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
  if (X509_verify_cert(context.get()) != 1) return std::nullopt;
  // A certificate that says nothing of its purposes has all of them in OpenSSL's eyes.
  if ((X509_get_extension_flags(impl_->x509.get()) & EXFLAG_XKUSAGE) == 0) return std::nullopt;
  if ((X509_get_extended_key_usage(impl_->x509.get()) & XKU_CODE_SIGN) == 0) return std::nullopt;
  if (!signs_data(impl_->x509.get())) return std::nullopt;
  if (X509_check_ca(impl_->x509.get()) != 0) return std::nullopt;
  const STACK_OF(X509)* chain = X509_STORE_CTX_get0_chain(context.get());
  for (int i = 1; i < sk_X509_num(chain); ++i) {
    if (!may_issue_for_code(sk_X509_value(chain, i))) return std::nullopt;
  }
  // A certificate that is believed itself was issued by nobody.
  if (sk_X509_num(chain) < 2) return std::nullopt;
  X509* issuer = sk_X509_value(chain, 1);
  X509_up_ref(issuer);
  Certificate out;
  out.impl_ = std::make_shared<const Impl>(Impl{X509Handle(issuer)});
  return out;
}

}  // namespace imp::sigstore
