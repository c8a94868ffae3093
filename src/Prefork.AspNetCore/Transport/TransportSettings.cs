using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;

namespace Prefork.AspNetCore.Transport;

/// <summary>What all connections of a listener share.</summary>
internal sealed class TransportSettings(
    SocketTransportOptions options, bool shareTlsSessions, MemoryPool<byte> pool, IoLoop loop, SettlingConnections settling, ILogger logger)
{
    internal const string FinOnErrorSwitch = "Microsoft.AspNetCore.Server.Kestrel.FinOnError";

    private const int LargestReceive = 32 * 1024;

    internal IoLoop Loop => loop;

    internal SettlingConnections Settling => settling;

    internal ILogger Logger => logger;

    internal MemoryPool<byte> Pool => pool;

    internal bool SharesTlsSessions => shareTlsSessions;

    internal bool NoDelay { get; } = options.NoDelay;

    /// <summary>The switch of Kestrel's with which an abort is an orderly end for the client. Kestrel's own copy of it is internal.</summary>
    internal bool FinOnError { get; } = AppContext.TryGetSwitch(FinOnErrorSwitch, out var set) && set;

    /// <summary>No more than the pipe may hold. Neither null nor 0 is a limit.</summary>
    internal int LargeReceive { get; } = options.MaxReadBufferSize is > 0 and { } limit ? (int)Math.Min(limit, LargestReceive) : LargestReceive;

    /// <summary>Receiving goes on where the application has consumed enough: nothing of the application's runs there.</summary>
    internal PipeOptions Input { get; } = Options(pool, CallbackScheduler.Instance, PipeScheduler.Inline, options.MaxReadBufferSize);

    internal PipeOptions Output { get; } = Options(pool, PipeScheduler.Inline, CallbackScheduler.Instance, options.MaxWriteBufferSize);

    private static PipeOptions Options(MemoryPool<byte> pool, PipeScheduler reader, PipeScheduler writer, long? limit)
        => new(pool, reader, writer, limit ?? 0, (limit ?? 0) / 2, useSynchronizationContext: false);
}
