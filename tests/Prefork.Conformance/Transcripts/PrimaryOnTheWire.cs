using System.Net;
using System.Net.Sockets;

namespace Prefork.Conformance.Transcripts;

/// <summary>What our primary says, to the byte, to a worker that is this test.</summary>
public class PrimaryOnTheWire
{
    [Theory]
    [InlineData("primary-round-robin", "rr")]
    [InlineData("primary-node20", "rr")]
    [InlineData("primary-shared", "none")]
    [InlineData("primary-unix", "rr")]
    [InlineData("primary-passes-sockets", "rr")]
    [InlineData("primary-receives-sockets", "rr")]
    [InlineData("primary-two-workers", "rr", 2)]
    [InlineData("primary-declined", "rr")]
    [InlineData("primary-declined-by-one", "rr", 2)]
    [InlineData("primary-never-listening", "rr")]
    [InlineData("primary-same-port", "rr")]
    [InlineData("primary-same-port-shared", "none")]
    [InlineData("primary-errors", "rr")]
    [InlineData("primary-errors-shared", "none")]
    [InlineData("primary-worker-dies", "rr", 2)]
    [InlineData("primary-accepted-twice", "rr")]
    [InlineData("primary-advanced", "rr", 1, true)]
    public async Task SaysWhatNodesPrimarySays(string name, string policy, int workers = 1, bool frames = false)
    {
        await using var primary = await Peer.PrimaryAsync(policy, workers, frames);
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        taken.Listen();
        using var transcript = new Transcript(primary, 'W');
        transcript["path"] = Path.Combine(Path.GetTempPath(), $"conformance-{Guid.NewGuid():N}.sock");
        transcript["taken"] = $"{((IPEndPoint)taken.LocalEndPoint!).Port}";
        transcript["free"] = $"{FreePort()}";
        await transcript.PlayAsync(name);
    }

    private static int FreePort()
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }
}
