using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Prefork.AspNetCore.Tls;

/// <summary>
/// Functions of the OpenSSL that .NET has loaded: of that very library, not of one that bears the same name. All of them are documented
/// interfaces of OpenSSL 1.1.1 and later, and safe on any thread but where it says otherwise.
/// </summary>
internal sealed unsafe class OpenSsl
{
    internal const int ExDataOfSsl = 0;
    internal const int ExDataOfContext = 1;

    internal const int GetSessionCacheMode = 45;
    internal const int GetTicketKeys = 58;
    internal const int SetTicketKeys = 59;
    internal const int GetMinVersion = 130;
    internal const int GetMaxVersion = 131;

    /// <summary>SSL_SESS_CACHE_BOTH, with which .NET marks a context that may resume.</summary>
    internal const int CacheBoth = 3;

    /// <summary>SSL_OP_NO_TICKET.</summary>
    internal const ulong NoTicket = 1 << 14;

    /// <summary>SSL_TICKET_STATUS: the ticket is good; or it is, and the client is to have a new one.</summary>
    internal const int TicketGood = 5;
    internal const int TicketGoodToRenew = 6;

    /// <summary>SSL_TICKET_RETURN: begin a new session, and give the client a ticket for that; or resume; or resume, and give it a new one.</summary>
    internal const int IgnoreAndRenew = 2;
    internal const int Use = 3;
    internal const int UseAndRenew = 4;

    internal readonly delegate* unmanaged[Cdecl]<int, long, void*, delegate* unmanaged[Cdecl]<void*, void*, void*, int, long, void*, void>, void*, void*, int> GetExNewIndex;
    internal readonly delegate* unmanaged[Cdecl]<void*, void*> ContextOf;
    internal readonly delegate* unmanaged[Cdecl]<void*, int, void*> GetContextData;
    internal readonly delegate* unmanaged[Cdecl]<void*, int, void*, int> SetContextData;
    internal readonly delegate* unmanaged[Cdecl]<void*, int, long, void*, long> Control;
    internal readonly delegate* unmanaged[Cdecl]<void*, ulong> GetOptions;
    internal readonly delegate* unmanaged[Cdecl]<void*, void*> GetNewSessionCallback;
    internal readonly delegate* unmanaged[Cdecl]<void*, void*> GetCertificate;
    internal readonly delegate* unmanaged[Cdecl]<void*, byte*, uint, int> SetContextSessionId;
    internal readonly delegate* unmanaged[Cdecl]<void*, byte*, uint, int> SetSessionId;
    internal readonly delegate* unmanaged[Cdecl]<void*, int> GetVerifyMode;
    internal readonly delegate* unmanaged[Cdecl]<void*, void*> GetSession;
    internal readonly delegate* unmanaged[Cdecl]<void*, delegate* unmanaged[Cdecl]<void*, void*, int>, delegate* unmanaged[Cdecl]<void*, void*, byte*, nuint, int, void*, int>, void*, int> SetTicketCallbacks;
    internal readonly delegate* unmanaged[Cdecl]<void*, void*, nuint, int> SetTicketData;
    internal readonly delegate* unmanaged[Cdecl]<void*, void**, nuint*, int> GetTicketData;
    internal readonly delegate* unmanaged[Cdecl]<void*> Sha256;
    internal readonly delegate* unmanaged[Cdecl]<void*, void*, byte*, uint*, int> DigestOfCertificate;

    private readonly nint _library;

    private OpenSsl(nint library)
    {
        _library = library;
        GetExNewIndex = (delegate* unmanaged[Cdecl]<int, long, void*, delegate* unmanaged[Cdecl]<void*, void*, void*, int, long, void*, void>, void*, void*, int>)Export("CRYPTO_get_ex_new_index");
        ContextOf = (delegate* unmanaged[Cdecl]<void*, void*>)Export("SSL_get_SSL_CTX");
        GetContextData = (delegate* unmanaged[Cdecl]<void*, int, void*>)Export("SSL_CTX_get_ex_data");
        SetContextData = (delegate* unmanaged[Cdecl]<void*, int, void*, int>)Export("SSL_CTX_set_ex_data");
        Control = (delegate* unmanaged[Cdecl]<void*, int, long, void*, long>)Export("SSL_CTX_ctrl");
        GetOptions = (delegate* unmanaged[Cdecl]<void*, ulong>)Export("SSL_CTX_get_options");
        GetNewSessionCallback = (delegate* unmanaged[Cdecl]<void*, void*>)Export("SSL_CTX_sess_get_new_cb");
        GetCertificate = (delegate* unmanaged[Cdecl]<void*, void*>)Export("SSL_CTX_get0_certificate");
        SetContextSessionId = (delegate* unmanaged[Cdecl]<void*, byte*, uint, int>)Export("SSL_CTX_set_session_id_context");
        SetSessionId = (delegate* unmanaged[Cdecl]<void*, byte*, uint, int>)Export("SSL_set_session_id_context");
        GetVerifyMode = (delegate* unmanaged[Cdecl]<void*, int>)Export("SSL_get_verify_mode");
        GetSession = (delegate* unmanaged[Cdecl]<void*, void*>)Export("SSL_get_session");
        SetTicketCallbacks = (delegate* unmanaged[Cdecl]<void*, delegate* unmanaged[Cdecl]<void*, void*, int>, delegate* unmanaged[Cdecl]<void*, void*, byte*, nuint, int, void*, int>, void*, int>)Export("SSL_CTX_set_session_ticket_cb");
        SetTicketData = (delegate* unmanaged[Cdecl]<void*, void*, nuint, int>)Export("SSL_SESSION_set1_ticket_appdata");
        GetTicketData = (delegate* unmanaged[Cdecl]<void*, void**, nuint*, int>)Export("SSL_SESSION_get0_ticket_appdata");
        Sha256 = (delegate* unmanaged[Cdecl]<void*>)Export("EVP_sha256");
        DigestOfCertificate = (delegate* unmanaged[Cdecl]<void*, void*, byte*, uint*, int>)Export("X509_digest");
    }

    /// <summary>Whether .NET will find one when it looks for it, which it does once: under these names.</summary>
    internal static bool IsInstalled()
    {
        string?[] versions = [Environment.GetEnvironmentVariable("CLR_OPENSSL_VERSION_OVERRIDE"), "3", "1.1"];
        return Array.Exists(versions, static version => version is not null && NativeLibrary.TryLoad($"libssl.so.{version}", out _));
    }

    /// <exception cref="NotSupportedException">It is not to be found, or lacks a function.</exception>
    /// <exception cref="PlatformNotSupportedException">.NET has no OpenSSL here.</exception>
    [SuppressMessage("Interoperability", "CA1416", Justification = "Linux only, as all of this library's workers are.")]
    internal static OpenSsl Find()
    {
        // Asking for it loads it.
        var version = SafeEvpPKeyHandle.OpenSslVersion;
        foreach (var path in Mapped())
        {
            if (!NativeLibrary.TryLoad(path, out var library))
            {
                continue;
            }

            // Searches what the library needs as well, so libcrypto.
            if (NativeLibrary.TryGetExport(library, "OpenSSL_version_num", out var number) && ((delegate* unmanaged[Cdecl]<ulong>)number)() == (ulong)version)
            {
                // Never unloaded: .NET does not unload it either.
                return new OpenSsl(library);
            }

            NativeLibrary.Free(library);
        }

        throw new NotSupportedException($"No libssl of version {version:x} is loaded.");
    }

    private static IEnumerable<string> Mapped() => File.ReadLines("/proc/self/maps")
        .Select(static line => line.IndexOf('/', StringComparison.Ordinal) is >= 0 and var start ? line[start..] : "")
        .Where(static path => Path.GetFileName(path).StartsWith("libssl.so", StringComparison.Ordinal))
        .Distinct();

    private nint Export(string name) => NativeLibrary.TryGetExport(_library, name, out var address) ? address : throw new NotSupportedException($"Its libssl has no {name}.");
}
