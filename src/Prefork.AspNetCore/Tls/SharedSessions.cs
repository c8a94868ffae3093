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
/// is not resumed with another. A ticket also says whether its server asked for a client's certificate: one that asks does not resume where none was asked for,
/// or it would have to refuse the client. Contexts that do not resume, or are a client's, are left alone, and .NET still verifies a client's certificate on resumption.
/// </remarks>
internal static unsafe class SharedSessions
{
    private const int KeySize = 80;
    private const int NameSize = 32;

    private static readonly Lock s_lock = new();
    private static readonly Lock s_sharing = new();
    private static ILogger? s_logger;
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

        if (!OpenSsl.IsInstalled())
        {
            // The first byte of a client that only pretends to speak TLS: .NET ends a process that asks it for cryptography without OpenSSL.
            TlsLog.NotShared(logger, "There is no OpenSSL.");
            return;
        }

        var key = new byte[KeySize];
        HKDF.Expand(HashAlgorithmName.SHA256, secret.Span, key, "prefork tls session tickets"u8);
        var openSsl = OpenSsl.Find();
        s_logger = logger;
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
        if (context is null)
        {
            // Versions later than those that this was tested with.
            SayOnce("This OpenSSL tells of a connection before it has a context.");
            return;
        }

        // Connections of a context begin on several threads, and OpenSSL leaves it to its caller that they do not write there at once.
        lock (s_sharing)
        {
            if (openSsl.GetContextData(context, s_mark) is not null)
            {
                return;
            }

            if (Resumes(openSsl, context))
            {
                Share(openSsl, context, connection);
            }

            _ = openSsl.SetContextData(context, s_mark, context);
        }
    }

    /// <summary>Not on the thread that is in OpenSSL's hands: a logger may throw.</summary>
    private static void SayOnce(string why)
    {
        if (Interlocked.Exchange(ref s_logger, null) is { } logger)
        {
            ThreadPool.UnsafeQueueUserWorkItem(_ => Say(logger, why), null);
        }
    }

    private static void Say(ILogger logger, string why)
    {
        try
        {
            TlsLog.NotShared(logger, why);
        }
        catch (Exception)
        {
            // It is the logger of the host that came first, which may have stopped since, and its providers with it: there is nobody to tell.
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
            _ = openSsl.SetTicketCallbacks(context, &OnTicketGiven, &OnTicketPresented, null);
        }
    }

    /// <summary>A ticket is about to be sealed: it takes along what its server asks of clients.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnTicketGiven(void* connection, void* argument)
    {
        var openSsl = s_openSsl!;
        var mode = openSsl.GetVerifyMode(connection);
        return openSsl.SetTicketData(openSsl.GetSession(connection), &mode, sizeof(int));
    }

    /// <summary>A client presents a ticket, and OpenSSL has looked at it.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnTicketPresented(void* connection, void* session, byte* keyName, nuint keyNameLength, int status, void* argument)
    {
        if (status is not (OpenSsl.TicketGood or OpenSsl.TicketGoodToRenew))
        {
            return OpenSsl.IgnoreAndRenew;
        }

        var openSsl = s_openSsl!;
        void* mode;
        nuint length;
        if (openSsl.GetTicketData(session, &mode, &length) != 1 || length != sizeof(int) || *(int*)mode != openSsl.GetVerifyMode(connection))
        {
            return OpenSsl.IgnoreAndRenew;
        }

        return status == OpenSsl.TicketGood ? OpenSsl.Use : OpenSsl.UseAndRenew;
    }
}
