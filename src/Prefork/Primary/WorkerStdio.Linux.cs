using System.Numerics;
using Microsoft.Win32.SafeHandles;
using Prefork.Messages;
using Prefork.Native;

namespace Prefork.Primary;

/// <summary>The descriptors of a worker about to start: its ends, our ends, and who closes them.</summary>
internal sealed class WorkerStdio(ClusterSettings settings) : IDisposable
{
    /// <summary>
    /// What all workers' output pipes may hold together. A user without privileges has 64 MiB for all pipes (pipe-user-pages-soft), and when they are used up the next pipes
    /// of any of his programs are tiny; a reload has twice the workers.
    /// </summary>
    private const int PipeBudget = 16 * 1024 * 1024;

    private const int LargestPipe = 1024 * 1024;

    private readonly IReadOnlyList<Stdio> _entries = settings.Stdio
        ?? (settings.Silent ? [Stdio.Pipe, Stdio.Pipe, Stdio.Pipe, Stdio.Channel] : [Stdio.Inherit, Stdio.Inherit, Stdio.Inherit, Stdio.Channel]);

    private readonly List<FileDescriptor?> _childEnds = [];
    private readonly List<FileDescriptor?> _ourEnds = [];

    /// <summary>By number in the child; null is /dev/null.</summary>
    internal IReadOnlyList<FileDescriptor?> ChildEnds => _childEnds;

    internal int ChannelNumber => _entries.ToList().IndexOf(Stdio.Channel);

    /// <exception cref="System.ComponentModel.Win32Exception">No descriptors left.</exception>
    internal void Open()
    {
        for (var number = 0; number < _entries.Count; number++)
        {
            var (child, ours) = Open(_entries[number], number);
            _childEnds.Add(child);
            _ourEnds.Add(ours);
        }
    }

    internal void CloseChildEnds() => _childEnds.ForEach(end => end?.Dispose());

    internal FileDescriptor TakeChannel()
    {
        var channel = _ourEnds[ChannelNumber]!;
        PassedSocket.SetNonBlocking(channel.Number);
        return channel;
    }

    internal IReadOnlyList<Stream?> TakeStreams()
        => [.. _ourEnds.Select((end, number) => number == ChannelNumber ? null : ChildProcess.OpenStream(number, end))];

    /// <summary>Closes everything: the worker did not start.</summary>
    public void Dispose()
    {
        CloseChildEnds();
        _ourEnds.ForEach(end => end?.Dispose());
    }

    /// <summary>Large, since a process that ends at once (process.exit in Node) loses what its pipe does not take, however soon somebody would have read it.</summary>
    private int PipeSize => Math.Min(LargestPipe, 1 << BitOperations.Log2((uint)(PipeBudget / 2 / (settings.ExpectedWorkers ?? Environment.ProcessorCount))));

    private (FileDescriptor? Child, FileDescriptor? Ours) Open(Stdio entry, int number)
    {
        switch (entry.Target)
        {
            case Stdio.Kind.Inherit:
                using (var own = new SafeFileHandle(number, ownsHandle: false))
                {
                    return (FileDescriptor.Duplicate(own), null);
                }

            case Stdio.Kind.Handle:
                return (FileDescriptor.Duplicate(entry.Handle!), null);
            case Stdio.Kind.Pipe when number == 0:
                var (read, write) = SocketPair.Pipe();
                return (read, write);
            case Stdio.Kind.Pipe when number <= 2:
                (read, write) = SocketPair.Pipe();
                SocketPair.SetPipeSize(write, PipeSize);
                return (write, read);
            case Stdio.Kind.Pipe or Stdio.Kind.Channel:
                var (first, second) = SocketPair.Stream();
                return (first, second);
            default:
                return (null, null);
        }
    }
}
