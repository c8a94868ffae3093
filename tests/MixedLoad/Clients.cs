using System.Globalization;

namespace MixedLoad;

/// <summary>Clients that use a connection once. Each returns how many requests were served.</summary>
internal static class Clients
{
    private static readonly byte[] s_block = new byte[16 * 1024];

    internal static async Task<int> OneRequestAsync(Uri url)
    {
        await using var http = await RawHttp.ConnectAsync(url);
        await http.SendAsync("/", "Connection: close\r\n");
        await http.ReadResponseAsync();
        await http.ExpectEndAsync();
        return 1;
    }

    internal static async Task<int> UploadAsync(Uri url)
    {
        const int Blocks = 20;
        await using var http = await RawHttp.ConnectAsync(url);
        await http.SendAsync("/upload", $"Content-Length: {Blocks * s_block.Length}\r\nConnection: close\r\n", "POST");
        for (var i = 0; i < Blocks; i++)
        {
            await http.SendAsync(s_block);
            await Task.Delay(5);
        }

        var counted = int.Parse(await http.ReadResponseAsync(), CultureInfo.InvariantCulture);
        return counted == Blocks * s_block.Length ? 1 : throw new InvalidDataException($"The server counted {counted} bytes of {Blocks * s_block.Length}.");
    }

    /// <summary>Takes so long over it that many downloads are under way when a worker leaves.</summary>
    internal static async Task<int> DownloadSlowlyAsync(Uri url)
    {
        const int Length = 1024 * 1024;
        await using var http = await RawHttp.ConnectAsync(url);
        await http.SendAsync("/download?mb=1", "Connection: close\r\n");
        var received = await http.ReadResponseAsync(pause: TimeSpan.FromMilliseconds(10));
        return received.Length == Length ? 1 : throw new InvalidDataException($"{received.Length} bytes of {Length} came.");
    }
}
