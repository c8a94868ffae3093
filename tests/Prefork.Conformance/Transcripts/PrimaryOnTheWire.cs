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
    public async Task SaysWhatNodesPrimarySays(string name, string policy)
    {
        await using var primary = await Peer.PrimaryAsync(policy);
        using var transcript = new Transcript(primary, 'W');
        transcript["path"] = Path.Combine(Path.GetTempPath(), $"conformance-{Guid.NewGuid():N}.sock");
        await transcript.PlayAsync(name);
    }
}
