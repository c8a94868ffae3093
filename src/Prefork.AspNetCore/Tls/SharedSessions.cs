using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;

namespace Prefork.AspNetCore.Tls;

/// <summary>
/// TLS sessions that one worker began are resumed by any other. By itself every process makes up the key under which it gives its sessions
/// to clients as tickets, and the name of what they may be resumed for; so with N workers one resumption in N succeeds, and each worker that is replaced
/// forgets all of its own. A handshake in full costs several times as much. (Decision 0029.)
/// </summary>
/// <remarks>
/// .NET has no interface for either, OpenSSL has for both, and one to be told of each connection: the first one of a context, before its handshake, gives the
/// context the key. Both are derived from <see cref="ClusterWorker.SharedSecret"/>; the name also from the certificate, so what was begun with one certificate
/// is not resumed with another. Contexts that do not resume, or are a client's, are left alone, and .NET still verifies a client's certificate on resumption.
/// </remarks>
internal static unsafe class SharedSessions
{
    private const int KeySize = 80;
    private const int NameSize = 32;

    private static readonly Lock s_lock = new();
    private static bool s_begun;
    private static OpenSsl? s_openSsl;
    private static byte[]? s_key;
    private static int s_mark;

    /// <summary>Before the first handshake. Later calls, and those in a process without the secret, do nothing.</summary>
    internal static void Begin(ILogger logger)
    {
        if (Volatile.Read(ref s_begun))
        {
            return;
        }

        lock (s_lock)
        {
            if (s_begun)
            {
                return;
            }

            try
            {
                Begin(Cluster.Worker!.SharedSecret, logger);
            }
            catch (Exception exception) when (exception is NotSupportedException or IOException or UnauthorizedAccessException or CryptographicException or TypeInitializationException)
            {
                TlsLog.NotShared(logger, exception.Message);
            }

            Volatile.Write(ref s_begun, true);
        }
    }

    private static void Begin(ReadOnlyMemory<byte> secret, ILogger logger)
    {
        if (secret.IsEmpty)
        {
            TlsLog.NotShared(logger, "The primary has told no secret to share.");
            return;
        }

        var key = new byte[KeySize];
        HKDF.Expand(HashAlgorithmName.SHA256, secret.Span, key, "prefork tls session tickets"u8);
        var openSsl = OpenSsl.Find();
        s_key = key;
        s_openSsl = openSsl;
        s_mark = openSsl.GetExNewIndex(OpenSsl.ExDataOfContext, 0, null, null, null, null);
        if (s_mark < 0 || openSsl.GetExNewIndex(OpenSsl.ExDataOfSsl, 0, null, &OnConnection, null, null) < 0)
        {
            throw new NotSupportedException("OpenSSL has no room for its caller's data.");
        }
    }

    /// <summary>OpenSSL makes a connection (SSL_new). Any thread, and nothing may be thrown.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnConnection(void* connection, void* data, void* all, int index, long number, void* pointer)
    {
        var openSsl = s_openSsl!;
        var context = openSsl.ContextOf(connection);
        if (context is null || openSsl.GetContextData(context, s_mark) is not null)
        {
            return;
        }

        // Connections that begin at once on several threads may each come here. They write the same bytes.
        _ = openSsl.SetContextData(context, s_mark, context);
        if (Resumes(openSsl, context))
        {
            Share(openSsl, context, connection);
        }
    }

    /// <summary>Whether this is a context with which .NET serves, and which resumes. A client's reports new sessions, or has no certificate.</summary>
    private static bool Resumes(OpenSsl openSsl, void* context)
        => openSsl.Control(context, OpenSsl.GetSessionCacheMode, 0, null) == OpenSsl.CacheBoth
            && (openSsl.GetOptions(context) & OpenSsl.NoTicket) == 0
            && openSsl.GetNewSessionCallback(context) is null
            && openSsl.GetCertificate(context) is not null
            && openSsl.Control(context, OpenSsl.GetTicketKeys, 0, null) == KeySize;

    private static void Share(OpenSsl openSsl, void* context, void* connection)
    {
        // What sessions may be resumed for: this certificate, and these protocols.
        Span<byte> named = stackalloc byte[NameSize + (2 * sizeof(long))];
        uint written;
        fixed (byte* start = named)
        {
            if (openSsl.DigestOfCertificate(openSsl.GetCertificate(context), openSsl.Sha256(), start, &written) != 1 || written != NameSize)
            {
                return;
            }
        }

        MemoryMarshal.Write(named[NameSize..], openSsl.Control(context, OpenSsl.GetMinVersion, 0, null));
        MemoryMarshal.Write(named[(NameSize + sizeof(long))..], openSsl.Control(context, OpenSsl.GetMaxVersion, 0, null));
        Span<byte> name = stackalloc byte[NameSize];
        var length = SHA256.HashData(named, name);
        Debug.Assert(length == NameSize);
        fixed (byte* key = s_key, id = name)
        {
            // The connection has a copy of its context's already.
            _ = openSsl.Control(context, OpenSsl.SetTicketKeys, KeySize, key);
            _ = openSsl.SetContextSessionId(context, id, NameSize);
            _ = openSsl.SetSessionId(connection, id, NameSize);
        }
    }
}
