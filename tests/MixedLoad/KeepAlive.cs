namespace MixedLoad;

/// <summary>
/// Many requests on a connection, with pauses of all lengths between them, so that a server that closes idle connections is caught at it.
/// It goes to a new connection when it has been told to, and never otherwise.
/// </summary>
internal sealed class KeepAlive(Uri url)
{
    private const int RequestsAConnection = 200;

    internal async Task<int> RunAsync()
    {
        await using var http = await RawHttp.ConnectAsync(url);
        var served = 0;
        while (!http.ToldToClose && served < RequestsAConnection)
        {
            await http.GetAsync("/");
            served++;
            if (served % 4 == 0)
            {
                await Task.Delay(Random.Shared.Next(20));
            }
        }

        return served;
    }
}
