namespace MixedLoad;

/// <summary>
/// Many requests on a connection, with pauses of all lengths between them, so that a server that closes idle connections is caught at it.
/// It goes to a new connection when it has been told to, and never otherwise.
/// </summary>
internal sealed class KeepAlive(Uri url, int requestsAConnection = 200)
{
    private RawHttp? _connection;
    private int _served;

    internal async Task<int> RunAsync()
    {
        if (_served % 4 == 3)
        {
            await Task.Delay(Random.Shared.Next(20));
        }

        try
        {
            if (_connection?.IsClosed() == true)
            {
                throw new InvalidDataException("The server closed an idle connection without having said so.");
            }

            _connection ??= await RawHttp.ConnectAsync(url);
            await _connection.GetAsync("/");
        }
        catch
        {
            await ForgetConnectionAsync();
            throw;
        }

        _served++;
        if (_connection.ToldToClose || _served == requestsAConnection)
        {
            await ForgetConnectionAsync();
        }

        return 1;
    }

    private async Task ForgetConnectionAsync()
    {
        if (_connection is not null)
        {
            await _connection.DisposeAsync();
            _connection = null;
        }

        _served = 0;
    }
}
