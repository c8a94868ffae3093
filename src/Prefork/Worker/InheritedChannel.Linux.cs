using System.Globalization;
using Prefork.Messages;
using Prefork.Native;
using Prefork.Processes;

namespace Prefork.Worker;

/// <summary>The channel that this process was started with, as its environment says: Node's, whether for a worker or for a plain child.</summary>
internal sealed class InheritedChannel
{
    internal const int MaxKeptMessages = 1000;

    private readonly string? _number;
    private readonly string? _mode;
    private readonly string? _maxMessageSize;

    private InheritedChannel(string? number, string? mode, string? maxMessageSize)
    {
        _number = number;
        _mode = mode;
        _maxMessageSize = maxMessageSize;
    }

    /// <summary>Whether the environment names one. An empty name is none, as in Node.</summary>
    internal bool IsThere => !string.IsNullOrEmpty(_number);

    /// <summary>
    /// Reads what the environment says, and removes it: our children have channels of their own, or none.
    /// A descriptor that may be the channel is kept from them too, or whoever started us would not see us end.
    /// </summary>
    internal static InheritedChannel Take()
    {
        var taken = new InheritedChannel(
            Environment.GetEnvironmentVariable(WorkerEnvironment.ChannelDescriptor),
            Environment.GetEnvironmentVariable(WorkerEnvironment.SerializationMode),
            Environment.GetEnvironmentVariable(WorkerEnvironment.MaxMessageSize));
        Environment.SetEnvironmentVariable(WorkerEnvironment.ChannelDescriptor, null);
        Environment.SetEnvironmentVariable(WorkerEnvironment.SerializationMode, null);
        Environment.SetEnvironmentVariable(WorkerEnvironment.MaxMessageSize, null);
        if (taken.TryFind(out var number))
        {
            Errno.Check(Libc.Fcntl(number, Linux.F_SETFD, Linux.FD_CLOEXEC), "keep the channel from being inherited");
        }

        return taken;
    }

    /// <summary>How its messages are written.</summary>
    /// <exception cref="InvalidOperationException">In a way that is not known.</exception>
    internal ChannelSerialization Serialization => _mode switch
    {
        null or "" or WorkerEnvironment.Json => ChannelSerialization.Json,
        WorkerEnvironment.Advanced => ChannelSerialization.Advanced,
        _ => throw new InvalidOperationException(
            $"{WorkerEnvironment.SerializationMode} is '{_mode}'; a .NET process reads '{WorkerEnvironment.Json}' and '{WorkerEnvironment.Advanced}'."),
    };

    /// <summary>The largest message accepted on it, in bytes: a .NET primary's setting; a Node process's environment may say it, too.</summary>
    /// <exception cref="InvalidOperationException">It is no such number.</exception>
    internal int MaxMessageSize
        => _maxMessageSize is null ? ClusterSettings.DefaultMaxMessageSize
            : int.TryParse(_maxMessageSize, NumberStyles.None, CultureInfo.InvariantCulture, out var size) && size >= ClusterSettings.LeastMaxMessageSize ? size
            : throw new InvalidOperationException(
                $"{WorkerEnvironment.MaxMessageSize} is '{_maxMessageSize}'. It must be a number of bytes, at least {ClusterSettings.LeastMaxMessageSize}.");

    /// <summary>The largest message that the process at the other end takes, as far as is known: Node's has no limit, ours has said its own.</summary>
    internal int MaxSentSize => _maxMessageSize is null ? int.MaxValue : MaxMessageSize;

    /// <summary>Takes ownership of the descriptor. Once.</summary>
    /// <param name="whose">What this process is by it, for the exception.</param>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    internal FileDescriptor Adopt(string whose)
    {
        if (!TryFind(out var number))
        {
            throw new InvalidOperationException(
                $"{whose}, but {WorkerEnvironment.ChannelDescriptor} is '{_number}', which is no connected Unix socket of this process: it has no channel. Unset both to run it alone.");
        }

        PassedSocket.SetNonBlocking(number);
        return new FileDescriptor(number);
    }

    private bool TryFind(out int number)
        => int.TryParse(_number, NumberStyles.None, CultureInfo.InvariantCulture, out number)
            && SocketOption.Get(number, Linux.SO_DOMAIN) == Linux.AF_UNIX
            && SocketOption.Get(number, Linux.SO_TYPE) == Linux.SOCK_STREAM
            && SocketOption.Get(number, Linux.SO_ACCEPTCONN) == 0;
}
