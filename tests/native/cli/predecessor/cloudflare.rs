//! The lines of both pages that deploy or change the Worker's key.

use super::Shell;

const PROVIDER: &str = "llm-router config --operation=upsert-provider --name=A --base-url=https://openrouter.ai/v1 \
                        --api-key=k --models=m-1 --skip-probe=true";

/// A script without a token gets nowhere, and asks nobody.
#[tokio::test]
async fn nothing_is_deployed_without_a_token() {
    let shell = Shell::new().await;
    shell.works(PROVIDER).await;
    for line in [
        "llm-router deploy",
        "llm-router deploy --env=production",
        "llm-router deploy --account-id=0123456789abcdef0123456789abcdef",
        "llm-router deploy --allow-large-config=true",
        "llm-router deploy --route-pattern=llm.example.com/* --zone-name=example.com",
        "llm-router worker-key --master-key=new_key",
        "llm-router worker-key --master-key=new_key --allow-weak-master-key=true",
        "llm-router worker-key --env=production --generate-master-key=true",
        r"llm-router worker-key \
  --env=production \
  --generate-master-key=true \
  --master-key-length=64 \
  --master-key-prefix=gw_",
    ] {
        shell.refuses(line, 2, &[]).await;
    }
}
