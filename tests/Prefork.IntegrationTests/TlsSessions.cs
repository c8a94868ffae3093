using System.Diagnostics;
using System.Net.Sockets;

namespace Prefork.IntegrationTests;

/// <summary>A TLS session that one worker began is resumed by every other, and by its successors.</summary>
public class TlsSessions
{
    [Fact]
    public async Task AnyWorker_ResumesWhatAnotherBegan()
    {
        await using var cluster = await WebCluster.StartAsync(2);
        var lines = await AskAsync(cluster.Https, 9);
        Assert.EndsWith(" new", lines[0], StringComparison.Ordinal);
        Assert.Equal(["1 resumed", "2 resumed"], lines[1..].Distinct().Order());
    }

    [Fact]
    public async Task Successors_ResumeWhatThoseBeforeThemBegan()
    {
        await using var cluster = await WebCluster.StartAsync(1);
        var saved = Path.GetTempFileName();
        try
        {
            Assert.Equal(["1 new"], await AskAsync(cluster.Https, 1, saved));
            await cluster.ReplaceAsync(1);
            Assert.Equal(["2 resumed"], await AskAsync(cluster.Https, 1, saved));
        }
        finally
        {
            File.Delete(saved);
        }
    }

    /// <summary>.NET ends a process that asks it for cryptography where it finds no OpenSSL.</summary>
    [Fact]
    public async Task WithoutOpenSsl_AFirstByteOfTls_IsABadRequestLikeAnyOther()
    {
        Assert.SkipUnless(Environment.UserName == "root", "Only root can hide a library.");
        const string Script = "for library in $(/sbin/ldconfig -p | sed -n 's/.*libssl[^ ]* .*=> //p'); do mount --bind /dev/null \"$library\" || exit 1; done; exec \"$0\"";
        await using var cluster = new TestProgram("unshare", ["--mount", "sh", "-c", Script, Programs.ClusterApp]);
        await cluster.ExpectAsync("primary ");
        await cluster.TellAsync($"setup exec={Programs.WebApp} args=--urls,http://127.0.0.1:0");
        await cluster.TellAsync("fork");
        var url = new Uri((await cluster.ExpectAsync("message 1 urls ")).Split(' ')[3]);
        using (var client = new TcpClient())
        {
            await client.ConnectAsync(url.Host, url.Port);
            await client.GetStream().WriteAsync(new byte[] { 22, (byte)'\r', (byte)'\n', (byte)'\r', (byte)'\n' });
            using var reader = new StreamReader(client.GetStream());
            Assert.Contains(" 400 ", await reader.ReadLineAsync().WaitAsync(TestProgram.Patience), StringComparison.Ordinal);
        }

        using var http = new HttpClient();
        Assert.Equal("1", await http.GetStringAsync(url));
    }

    [Fact]
    public async Task SwitchedOff_EachWorkerResumesItsOwn()
    {
        await using var cluster = await WebCluster.StartAsync(2, "--share-tls-sessions=false");
        var lines = await AskAsync(cluster.Https, 9);
        var first = lines[0].Split(' ')[0];
        Assert.Equal(new[] { "1", "2" }.Select(worker => $"{worker} {(worker == first ? "resumed" : "new")}"), lines[1..].Distinct().Order());
    }

    [Fact]
    public async Task AnEndPointThatAsksForACertificate_ResumesOnlyItsOwn()
    {
        await using var cluster = await WebCluster.StartAsync(2, "--Kestrel:Endpoints:m:Url=https://127.0.0.3:0,--Kestrel:Endpoints:m:ClientCertificateMode=RequireCertificate");
        var saved = Path.GetTempFileName();
        try
        {
            Assert.EndsWith(" new", Assert.Single(await AskAsync(cluster.Https, 1, saved, cluster.Certificate)), StringComparison.Ordinal);
            Assert.EndsWith(" new", Assert.Single(await AskAsync(cluster.Mutual, 1, saved, cluster.Certificate)), StringComparison.Ordinal);
            var lines = await AskAsync(cluster.Mutual, 9, "", cluster.Certificate);
            Assert.Equal(["1 resumed", "2 resumed"], lines[1..].Distinct().Order());
        }
        finally
        {
            File.Delete(saved);
        }
    }

    /// <summary>A client with one session, which it begins with the first connection, or has from the file.</summary>
    private static async Task<string[]> AskAsync(Uri server, int count, string file = "", string certificate = "")
    {
        using var node = Process.Start(new ProcessStartInfo("node", [Path.Combine(AppContext.BaseDirectory, "tls-session.js"), server.Host, $"{server.Port}", $"{count}", file, certificate]) { RedirectStandardOutput = true })!;
        var lines = (await node.StandardOutput.ReadToEndAsync().WaitAsync(TestProgram.Patience)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        await node.WaitForExitAsync().WaitAsync(TestProgram.Patience);
        Assert.Equal(0, node.ExitCode);
        return lines;
    }
}
