using System.Collections;
using System.Net.Sockets;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Prefork.Native;
using Prefork.Processes;

namespace Prefork.Conformance.Transcripts;

/// <summary>A process of ours, and the other end of its channel in the test's hands; of a primary as many as it has workers.</summary>
internal sealed class Peer : IAsyncDisposable
{
    private readonly ProcessHandle _process;
    private readonly FileDescriptor? _input;
    private readonly SortedDictionary<int, (RawChannel Channel, Socket? Relay)> _channels = [];
    private bool _ended;

    private Peer(ProcessHandle process, FileDescriptor? input, bool frames)
    {
        _process = process;
        _input = input;
        HasFrames = frames;
    }

    /// <summary>Whether messages are frames of the advanced format, which a transcript has in hexadecimal.</summary>
    internal bool HasFrames { get; }

    internal RawChannel this[int worker] => _channels[worker].Channel;

    /// <summary>A worker; the test is its primary.</summary>
    internal static Peer Worker(bool frames = false)
    {
        var (ours, theirs) = SocketPair.Stream();
        using (theirs)
        {
            var process = Start([null, null, null, theirs], [], "NODE_CHANNEL_FD=3", $"NODE_CHANNEL_SERIALIZATION_MODE={(frames ? "advanced" : "json")}", "NODE_UNIQUE_ID=1");
            return new Peer(process, null, frames) { _channels = { [1] = (new RawChannel(ours, frames), null) } };
        }
    }

    /// <summary>A primary; the test is its workers.</summary>
    internal static async Task<Peer> PrimaryAsync(string policy, int workers = 1, bool frames = false)
    {
        var path = Path.Combine(Path.GetTempPath(), $"conformance-{Guid.NewGuid():N}");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        var (read, write) = SocketPair.Pipe();
        using (read)
        {
            string[] arguments = [$"{workers}", $"{(frames ? ChannelSerialization.Advanced : ChannelSerialization.Json)}"];
            var peer = new Peer(Start([read, null, null], arguments, $"CONFORMANCE_RELAY={path}", $"NODE_CLUSTER_SCHED_POLICY={policy}"), write, frames);
            for (var i = 0; i < workers; i++)
            {
                var relay = await listener.AcceptAsync().WaitAsync(Readiness.Patience);
                var (id, channel) = ReceiveChannel(relay);
                peer._channels[id] = (new RawChannel(channel, frames), relay);
            }

            File.Delete(path);
            return peer;
        }
    }

    internal void Tell(string line)
    {
        using var input = new FileStream(new SafeFileHandle(_input!.Number, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        input.Write(Encoding.UTF8.GetBytes($"{line}\n"));
    }

    /// <summary>What the kernel says that the process is doing, for when it does not do what it should.</summary>
    internal string Describe()
    {
        try
        {
            var status = File.ReadLines($"/proc/{_process.Pid}/status").Where(line => line.StartsWith("State:", StringComparison.Ordinal) || line.StartsWith("Threads:", StringComparison.Ordinal));
            var threads = Directory.GetDirectories($"/proc/{_process.Pid}/task").Select(task => File.ReadAllText($"{task}/comm").Trim());
            return $"process {_process.Pid}: {string.Join(' ', status)}: {string.Join(", ", threads)}";
        }
        catch (IOException exception)
        {
            return $"process {_process.Pid}: {exception.Message}";
        }
    }

    /// <summary>The process ends by itself, once the channel does.</summary>
    internal async Task WaitForExitAsync()
    {
        foreach (var (_, relay) in _channels.Values)
        {
            relay?.Dispose();
        }

        Assert.True(await Task.Run(HasExited), "The process has not ended.");
    }

    /// <summary>A worker that is this test ends, as it stands.</summary>
    internal void End(int worker)
    {
        _channels[worker].Channel.Dispose();
        _channels[worker].Relay?.Dispose();
    }

    /// <summary>All channels are closed on this side.</summary>
    internal void HangUp()
    {
        foreach (var (channel, _) in _channels.Values)
        {
            channel.Dispose();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _input?.Dispose();
        foreach (var worker in _channels.Keys)
        {
            End(worker);
        }

        if (!_ended)
        {
            _process.TrySignal(Signal.SIGKILL);
            await Task.Run(HasExited);
        }

        _process.Dispose();
    }

    private static ProcessHandle Start(IReadOnlyList<FileDescriptor?> descriptors, string[] arguments, params string[] variables)
    {
        var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(entry => $"{entry.Key}={entry.Value}").Concat(variables);
        return new ProcessHandle(Spawner.Start(new ProgramCommand(ScenarioRun.App, ["wire", .. arguments]), environment, null, descriptors));
    }

    private bool HasExited() => _ended = Readiness.Wait(_process.Descriptor) && _process.TryReap(out _, out _);

    private static (int Id, FileDescriptor Channel) ReceiveChannel(Socket relay)
    {
        Assert.True(relay.Poll(Readiness.Patience, SelectMode.SelectRead));
        Span<int> descriptors = stackalloc int[1];
        var id = new byte[1];
        Assert.Equal(1, DescriptorMessage.Receive((int)relay.Handle, id, descriptors, out var count, out _));
        Assert.Equal(1, count);
        return (id[0], new FileDescriptor(descriptors[0]));
    }
}
