namespace Prefork.Conformance.Transcripts;

/// <summary>What our worker says, to the byte, to a primary that is this test.</summary>
public class WorkerOnTheWire
{
    [Theory]
    [InlineData("worker-round-robin")]
    [InlineData("worker-shared")]
    [InlineData("worker-udp")]
    [InlineData("worker-unix")]
    [InlineData("worker-descriptor")]
    [InlineData("worker-every-address")]
    [InlineData("worker-index")]
    [InlineData("worker-port-mismatch")]
    [InlineData("worker-kill")]
    [InlineData("worker-queries")]
    [InlineData("worker-every-address-listens")]
    [InlineData("worker-udp6")]
    [InlineData("worker-udp-plain")]
    [InlineData("worker-unix-plain")]
    [InlineData("worker-advanced", true)]
    [InlineData("worker-advanced-passes-sockets", true)]
    [InlineData("worker-passes-sockets")]
    public Task SaysWhatNodesWorkerSays(string transcript, bool frames = false) => PlayAsync(transcript, frames);

    [NodeTest("test-cluster-worker-handle-close")]
    public Task AConnectionForAClosedListener_IsDeclined_AndClosed() => PlayAsync("worker-closed-key");

    [NodeTest("test-internal-socket-list-receive", Differs = "none open, all closed: what a program took from messages is not counted")]
    public Task QuestionsAboutPassedSockets_AreAnswered_EachHandleOnce() => PlayAsync("worker-answers");

    private static async Task PlayAsync(string name, bool frames = false)
    {
        await using var worker = Peer.Worker(frames);
        using var transcript = new Transcript(worker, 'P');
        await transcript.PlayAsync(name);
    }
}
